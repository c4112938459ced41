// Values as a reader wants them: thousands grouped, money with its decimals, dates in the reader's language.

import type { Attribute } from "../meta/model";

/** What stands where there is no value. */
export const NOTHING = "–";

/** Decimals of a column that names none and holds money. */
const MONEY_DECIMALS = 2;

export function isNumeric(attribute: Attribute): boolean {
  return attribute.kind === "integer" || attribute.kind === "decimal" || attribute.kind === "float";
}

/** Groups a number that travels as text because a double would round it; the locale's own signs. */
function longNumber(text: string, locale: string, decimals: number | undefined): string {
  const [whole = "0", fraction = ""] = text.split(".");
  const parts = new Intl.NumberFormat(locale).formatToParts(1.5);
  const point = parts.find((part) => part.type === "decimal")?.value ?? ".";
  const padded = decimals === undefined ? fraction : fraction.padEnd(decimals, "0");
  return new Intl.NumberFormat(locale).format(BigInt(whole)) + (padded ? point + padded : "");
}

function number(attribute: Attribute, value: unknown, locale: string): string {
  const decimals = attribute.kind === "decimal" ? (attribute.scale ?? MONEY_DECIMALS) : undefined;
  if (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) && value.replace(/\D/g, "").length > 15) {
    return longNumber(value, locale, decimals);
  }
  const parsed = Number(value);
  if (Number.isNaN(parsed)) return String(value);
  if (attribute.currency) {
    return new Intl.NumberFormat(locale, { style: "currency", currency: attribute.currency }).format(parsed);
  }
  if (attribute.format === "percent") {
    return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 2 }).format(parsed);
  }
  // A number that names a row or a year is no quantity: grouping it would change how it reads.
  if (attribute.key || attribute.reference || attribute.format === "plain") return String(value);
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals ?? 12,
  }).format(parsed);
}

/** A date is a day of the calendar, wherever its reader is: it must not move with the time zone. */
function date(text: string, locale: string): string {
  const [year, month, day] = text.split("-").map(Number);
  if (!year || !month || !day) return text;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(Date.UTC(year, month - 1, day));
}

function moment(text: string, locale: string): string {
  // The API sends times of day in UTC, without a zone.
  const parsed = new Date(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(parsed.getTime())) return text;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(parsed);
}

/** The value as text; an empty text where there is none. */
export function formatted(attribute: Attribute, value: unknown, locale: string): string {
  if (value === null || value === undefined || value === "") return "";
  switch (attribute.kind) {
    case "integer":
    case "decimal":
    case "float":
      return number(attribute, value, locale);
    case "date":
      return date(String(value), locale);
    case "datetime":
      return moment(String(value), locale);
    case "json":
      return JSON.stringify(value);
    default:
      return typeof value === "object" ? JSON.stringify(value) : String(value);
  }
}

// Reads JSON without losing digits: a number that JavaScript would round stays the text it was sent as.

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

const PLAIN = /^-?\d+(?:\.\d+)?$/;

/** 200.00 and 200 are one number; 12345678901234567890.12 and what a double makes of it are not. */
function isExact(source: string, value: number): boolean {
  if (!PLAIN.test(source)) return true; // an exponent: a float, never money
  const trimmed = source.includes(".") ? source.replace(/0+$/, "").replace(/\.$/, "") : source;
  return trimmed === String(value) || (trimmed === "-0" && value === 0);
}

// Browsers that do not tell the source (before 2025) fall back to doubles.
const keepDigits: Reviver = (_key, value, context) =>
  typeof value === "number" && context?.source !== undefined && !isExact(context.source, value)
    ? context.source
    : value;

export function readJson(text: string): unknown {
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);
}

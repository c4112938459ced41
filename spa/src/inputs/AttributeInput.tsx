// The input for one attribute, after its type: used by forms, by filters and by the change of many rows at once.

import { FormControl, FormControlLabel, FormHelperText, MenuItem, Switch, TextField } from "@mui/material";
import { useTranslate } from "ra-core";
import { useModel } from "../app/context";
import type { Attribute } from "../meta/model";
import { Lookup, type Choice } from "./Lookup";
import { fromLocalMoment, toLocalMoment } from "./moments";

interface Given {
  attribute: Attribute;
  label: string;
  value: unknown;
  onChange: (value: unknown) => void;
  onBlur?: () => void;
  error?: string;
  help?: string;
  required?: boolean;
  /** The name of the present parent, where it is known. */
  known?: Choice;
  autoFocus?: boolean;
  disabled?: boolean;
}

const HTML_TYPES: Partial<Record<Attribute["kind"], string>> = {
  date: "date",
  datetime: "datetime-local",
  time: "time",
  email: "email",
  link: "url",
  password: "password",
};

/** A number as it is typed: digits and one point; a decimal comma is meant as the point. */
export function typedNumber(text: string): string {
  const trimmed = text.replace(/\s/g, "");
  return trimmed.includes(".") ? trimmed : trimmed.replace(",", ".");
}

export function AttributeInput({ attribute, label, value, onChange, onBlur, error, help, required = false, known, autoFocus, disabled }: Given) {
  const t = useTranslate();
  const model = useModel();
  const { kind, name } = attribute;

  const target = attribute.reference && model.byName.get(attribute.reference.resource);
  // A parent with a key of several columns is chosen by them, one after the other.
  if (target?.can.read && target.key.length === 1 && !disabled) {
    const numeric = kind === "integer";
    return (
      <Lookup
        type={target}
        label={label}
        value={value}
        known={known}
        name={name}
        required={required}
        error={error}
        help={help}
        autoFocus={autoFocus}
        onBlur={onBlur}
        onChange={(id) => onChange(id === null ? null : numeric ? Number(id) : id)}
      />
    );
  }
  if (kind === "boolean") {
    return (
      <FormControl error={Boolean(error)} disabled={disabled}>
        <FormControlLabel
          control={<Switch size="small" name={name} checked={Boolean(value)} onChange={(_event, on) => onChange(on)} onBlur={onBlur} />}
          label={label}
        />
        {(error ?? help) && <FormHelperText>{error ?? help}</FormHelperText>}
      </FormControl>
    );
  }
  const common = {
    label,
    name,
    required,
    disabled,
    autoFocus,
    onBlur,
    error: Boolean(error),
    helperText: error ?? help,
    fullWidth: true,
    placeholder: attribute.placeholder ?? undefined,
  };
  if (attribute.choices) {
    return (
      <TextField {...common} select value={value ?? ""} onChange={(event) => onChange(event.target.value || null)}>
        {!required && <MenuItem value="">{t("rg.input.none")}</MenuItem>}
        {attribute.choices.map((each) => (
          <MenuItem key={each.value} value={each.value}>
            {each.label}
          </MenuItem>
        ))}
      </TextField>
    );
  }
  const number = kind === "integer" || kind === "decimal" || kind === "float";
  const long = kind === "textarea" || kind === "json" || kind === "code";
  const type = HTML_TYPES[kind];
  return (
    <TextField
      {...common}
      type={type ?? "text"}
      multiline={long}
      minRows={long ? 3 : undefined}
      maxRows={long ? 14 : undefined}
      value={shown(attribute, value)}
      onChange={(event) => onChange(read(attribute, event.target.value))}
      slotProps={{
        htmlInput: {
          maxLength: number ? undefined : (attribute.maxLength ?? undefined),
          inputMode: number ? "decimal" : undefined,
          autoComplete: kind === "password" ? "new-password" : "off",
          style: number ? { textAlign: "right", fontVariantNumeric: "tabular-nums" } : undefined,
        },
        inputLabel: type === "date" || type === "datetime-local" || type === "time" ? { shrink: true } : undefined,
      }}
    />
  );
}

function shown(attribute: Attribute, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (attribute.kind === "datetime") return toLocalMoment(String(value));
  if (attribute.kind === "json" && typeof value !== "string") return JSON.stringify(value, null, 2);
  return String(value);
}

function read(attribute: Attribute, text: string): unknown {
  if (text === "") return null;
  switch (attribute.kind) {
    case "integer":
    case "decimal":
    case "float":
      return typedNumber(text);
    case "datetime":
      return fromLocalMoment(text);
    default:
      return text;
  }
}

/**
 * The value to send: numbers as numbers, decimals as the text that was typed so that no digit is lost.
 *
 * @returns undefined where the text is no value of the attribute's type.
 */
export function parsed(attribute: Attribute, value: unknown): unknown {
  if (value === null || value === undefined || value === "") return null;
  switch (attribute.kind) {
    case "integer":
      if (typeof value === "number") return value;
      return /^[+-]?\d+$/.test(String(value)) ? Number(value) : attribute.reference ? value : undefined;
    case "float":
      return Number.isNaN(Number(value)) ? undefined : Number(value);
    case "decimal":
      return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(String(value)) ? String(value) : undefined;
    case "json":
      if (typeof value !== "string") return value;
      try {
        return JSON.parse(value) as unknown;
      } catch {
        return undefined;
      }
    default:
      return value;
  }
}

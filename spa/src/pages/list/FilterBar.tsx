// Conditions of a list, each a chip that opens into its editor.

import AddIcon from "@mui/icons-material/Add";
import { Button, Chip, MenuItem, Popover, Stack, TextField } from "@mui/material";
import { useTranslate } from "ra-core";
import { useState } from "react";
import { useLocale } from "../../app/context";
import { isCondition, type Condition, type Filter, type Operator } from "../../data/query";
import { formatted } from "../../fields/format";
import { labelOf } from "../../fields/Value";
import { AttributeInput, parsed } from "../../inputs/AttributeInput";
import type { Attribute, Type } from "../../meta/model";

const ORDERED: Operator[] = ["eq", "ge", "le", "ne", "is_null"];

export function operators(attribute: Attribute): Operator[] {
  if (attribute.reference || attribute.choices) return ["eq", "ne", "is_null"];
  switch (attribute.kind) {
    case "boolean":
      return ["eq", "is_null"];
    case "integer":
    case "decimal":
    case "float":
    case "date":
    case "datetime":
    case "time":
      return ORDERED;
    case "json":
    case "binary":
      return ["is_null"];
    default:
      return ["contains", "eq", "ne", "is_null"];
  }
}

interface Given {
  type: Type;
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

interface Editing {
  anchor: HTMLElement;
  attribute?: Attribute;
}

export function FilterBar({ type, filter, onFilter }: Given) {
  const t = useTranslate();
  const locale = useLocale();
  const [editing, setEditing] = useState<Editing>();
  const active = Object.entries(filter).flatMap(([name, value]) => {
    const attribute = type.byName.get(name);
    return attribute && isCondition(value) ? [{ attribute, condition: value }] : [];
  });

  function text({ attribute, condition }: { attribute: Attribute; condition: Condition }): string {
    const label = labelOf(attribute, type.parents);
    if (condition.op === "is_null") return `${label} ${t(condition.val ? "rg.filter.empty" : "rg.filter.notEmpty")}`;
    const value = attribute.kind === "boolean" ? t(condition.val ? "rg.value.yes" : "rg.value.no") : (formatted(attribute, condition.val, locale));
    return `${label} ${t(`rg.filter.op.${condition.op}`)} ${value}`;
  }

  function remove(name: string) {
    const { [name]: _gone, ...rest } = filter;
    onFilter(rest);
  }

  return (
    <Stack direction="row" sx={{ gap: 0.75, flexWrap: "wrap", alignItems: "center" }}>
      {active.map((each) => (
        <Chip
          key={each.attribute.name}
          label={text(each)}
          onClick={(event) => setEditing({ anchor: event.currentTarget, attribute: each.attribute })}
          onDelete={() => remove(each.attribute.name)}
          variant="outlined"
          color="primary"
        />
      ))}
      <Button color="inherit" startIcon={<AddIcon />} onClick={(event) => setEditing({ anchor: event.currentTarget })} sx={{ color: "text.secondary" }}>
        {t("rg.filter.add")}
      </Button>
      {editing && (
        <Editor
          key={editing.attribute?.name ?? ""}
          type={type}
          anchor={editing.anchor}
          attribute={editing.attribute}
          condition={editing.attribute && isCondition(filter[editing.attribute.name]) ? (filter[editing.attribute.name] as Condition) : undefined}
          onClose={() => setEditing(undefined)}
          onApply={(name, condition) => {
            onFilter({ ...filter, [name]: condition });
            setEditing(undefined);
          }}
        />
      )}
    </Stack>
  );
}

interface EditorGiven {
  type: Type;
  anchor: HTMLElement;
  attribute?: Attribute;
  condition?: Condition;
  onClose: () => void;
  onApply: (name: string, condition: Condition) => void;
}

function Editor({ type, anchor, attribute: first, condition, onClose, onApply }: EditorGiven) {
  const t = useTranslate();
  const all = type.attributes.filter((each) => each.filterable && !each.hidden && each.kind !== "password");
  const [attribute, setAttribute] = useState(first);
  const [op, setOp] = useState<Operator>(condition?.op ?? (first ? (operators(first)[0] ?? "eq") : "eq"));
  const [value, setValue] = useState<unknown>(condition?.val ?? null);
  const sent = attribute && op !== "is_null" ? (attribute.kind === "boolean" ? Boolean(value) : parsed(attribute, value)) : Boolean(value ?? true);
  const ready = attribute !== undefined && sent !== undefined && sent !== null;

  return (
    <Popover
      open
      anchorEl={anchor}
      onClose={onClose}
      anchorOrigin={{ vertical: "bottom", horizontal: "left" }}
      slotProps={{ paper: { role: "dialog", "aria-label": t("rg.filter.add") } as object }}
    >
      <Stack
        component="form"
        noValidate
        spacing={1.5}
        sx={{ p: 2, width: 300 }}
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation();
          if (ready) onApply(attribute.name, { op, val: sent });
        }}
      >
        <TextField
          select
          label={t("rg.filter.field")}
          value={attribute?.name ?? ""}
          autoFocus={!first}
          onChange={(event) => {
            const chosen = type.byName.get(event.target.value);
            setAttribute(chosen);
            setOp(chosen ? (operators(chosen)[0] ?? "eq") : "eq");
            setValue(chosen?.kind === "boolean" ? true : null);
          }}
        >
          {all.map((each) => (
            <MenuItem key={each.name} value={each.name}>
              {labelOf(each, type.parents)}
            </MenuItem>
          ))}
        </TextField>
        {attribute && (
          <TextField
            select
            label={t("rg.filter.operator")}
            value={op}
            onChange={(event) => {
              setOp(event.target.value as Operator);
              if (event.target.value === "is_null") setValue(true);
              else if (op === "is_null") setValue(null);
            }}
          >
            {operators(attribute).map((each) => (
              <MenuItem key={each} value={each}>
                {t(`rg.filter.op.${each}`)}
              </MenuItem>
            ))}
          </TextField>
        )}
        {attribute && op === "is_null" && (
          <TextField select label={t("rg.filter.value")} value={value === false ? "no" : "yes"} onChange={(event) => setValue(event.target.value === "yes")}>
            <MenuItem value="yes">{t("rg.filter.empty")}</MenuItem>
            <MenuItem value="no">{t("rg.filter.notEmpty")}</MenuItem>
          </TextField>
        )}
        {attribute && op !== "is_null" && (
          <AttributeInput attribute={attribute} label={t("rg.filter.value")} value={value} onChange={setValue} autoFocus />
        )}
        <Stack direction="row" sx={{ justifyContent: "flex-end", gap: 1 }}>
          <Button color="inherit" onClick={onClose}>{t("rg.action.cancel")}</Button>
          <Button type="submit" variant="contained" disabled={!ready}>{t("rg.filter.apply")}</Button>
        </Stack>
      </Stack>
    </Popover>
  );
}

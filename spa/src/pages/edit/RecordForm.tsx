// The form of a new or an existing record: typed inputs, errors where they belong, and only what was changed goes out.

import { Alert, Box, Button, Card, Stack, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { useEffect, useRef, useState } from "react";
import { Controller, useForm, type UseFormReturn } from "react-hook-form";
import { useBlocker } from "react-router-dom";
import { useModel } from "../../app/context";
import { changed } from "../../data/changes";
import type { Row } from "../../data/document";
import { ApiError } from "../../data/http";
import { labelOf, Value } from "../../fields/Value";
import { AttributeInput, parsed } from "../../inputs/AttributeInput";
import type { Choice } from "../../inputs/Lookup";
import { nameOf, type Attribute, type Type } from "../../meta/model";
import { groups, isStamp, visible } from "../record/groups";

type Values = Record<string, unknown>;

interface Given {
  type: Type;
  /** The row as it was read; undefined for a new one. */
  row?: Row;
  initial?: Values;
  /** Save these values; what the promise is rejected with is shown at the fields. */
  onSave: (values: Values) => Promise<void>;
  onCancel: () => void;
}

/** Fields of a form: what a person may set, and what is computed, to be seen as it is. */
export function fields(type: Type, values: Values, inserting: boolean): Attribute[] {
  return type.attributes.filter((each) => {
    if (!visible(each, values, inserting ? "insert" : "edit") || each.hideEdit) return false;
    return inserting ? !each.readonly : !isStamp(each);
  });
}

function isRequired(attribute: Attribute, inserting: boolean): boolean {
  return attribute.kind !== "boolean" && attribute.required && (inserting || !attribute.readonly);
}

export function RecordForm({ type, row, initial, onSave, onCancel }: Given) {
  const t = useTranslate();
  const inserting = row === undefined;
  const names = type.attributes.map((each) => each.name);
  const defaults: Values = Object.fromEntries(type.attributes.map((each) => [each.name, row?.[each.name] ?? (inserting ? (initial?.[each.name] ?? each.initial ?? null) : null)]));
  const form = useForm<Values>({ defaultValues: defaults });
  const values = form.watch();
  const [refused, setRefused] = useState<string[]>([]);
  const alert = useRef<HTMLDivElement>(null);
  const saved = useRef(false);
  const dirty = Object.keys(changed(defaults as Row, values, names)).length > 0;

  const shown = fields(type, values, inserting);

  async function submit(given: Values) {
    setRefused([]);
    const sent: Values = {};
    let wrong = false;
    for (const each of shown) {
      if (each.readonly || (each.key && !inserting)) continue;
      const value = each.kind === "boolean" ? (given[each.name] === null && !each.required ? null : Boolean(given[each.name])) : parsed(each, given[each.name]);
      if (value === undefined) {
        form.setError(each.name, { message: t(`rg.form.not.${each.kind}`) });
        wrong = true;
      } else if (value === null && isRequired(each, inserting)) {
        form.setError(each.name, { message: t("rg.form.required") });
        wrong = true;
      } else sent[each.name] = value;
    }
    if (wrong) {
      focusFirst(form, shown);
      return;
    }
    try {
      saved.current = true;
      await onSave(inserting ? withoutEmpty(sent, type) : changed(row, sent, Object.keys(sent)));
    } catch (error) {
      saved.current = false;
      if (!(error instanceof ApiError)) throw error;
      show(error);
    }
  }

  /** Each fault at its field where it has one; what has none above the form. */
  function show(error: ApiError) {
    const here = new Set(shown.map((each) => each.name));
    const at = error.body.errors ?? {};
    const rest: string[] = [];
    for (const [name, words] of Object.entries(at)) {
      const key = here.has(name) ? name : shown.find((each) => each.reference?.relationship === name)?.name;
      if (key) form.setError(key, { message: words });
      // What a rule computes cannot be mended at its own field: the words stand above as well.
      if (!key || type.byName.get(key)?.readonly) rest.push(`${type.byName.get(name)?.label ?? name}: ${words}`);
    }
    if (Object.keys(at).length === 0) rest.push(error.message);
    setRefused(rest);
    if (rest.length === 0) focusFirst(form, shown);
    else requestAnimationFrame(() => alert.current?.focus());
  }

  return (
    <form
      noValidate
      aria-label={type.label}
      onSubmit={(event) => {
        // What the server refused before must not stop the next attempt.
        form.clearErrors();
        void form.handleSubmit(submit)(event);
      }}
    >
      {dirty && <LeaveWarning saved={saved} question={t("rg.form.leave")} />}
      <Card>
        {refused.length > 0 && (
          <Alert severity="error" ref={alert} tabIndex={-1} sx={{ m: 2, mb: 0 }}>
            {refused.map((each) => (
              <div key={each}>{each}</div>
            ))}
          </Alert>
        )}
        {groups(type, shown).map((group, index) => (
          <Box key={group.name ?? ""} sx={{ px: 2.5, py: 2.5, borderTop: index > 0 ? 1 : 0, borderColor: "divider" }}>
            {group.name && !group.name.startsWith("\u0000") && (
              <Typography variant="overline" component="h2" sx={{ color: "text.secondary", display: "block", mb: 1.5 }}>
                {group.name}
              </Typography>
            )}
            <Box sx={{ display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 250px), 1fr))", columnGap: 2, rowGap: 2.2, alignItems: "start" }}>
              {inOrder(group.attributes, inserting).map((each, place) => (
                <Box key={each.name} sx={["textarea", "json", "code"].includes(each.kind) ? { gridColumn: "1 / -1" } : undefined}>
                  {each.readonly || (each.key && !inserting) ? (
                    <Fixed type={type} attribute={each} row={row ?? ({ id: "" } as Row)} error={form.formState.errors[each.name]?.message as string | undefined} />
                  ) : (
                    <Field type={type} attribute={each} form={form} row={row} required={isRequired(each, inserting)} first={index === 0 && place === 0} />
                  )}
                </Box>
              ))}
            </Box>
          </Box>
        ))}
        <Stack
          direction="row"
          sx={{ position: "sticky", bottom: 0, zIndex: 2, bgcolor: "background.paper", borderTop: 1, borderColor: "divider", px: 2.5, py: 1.25, gap: 1, justifyContent: "flex-end", borderRadius: "0 0 8px 8px" }}
        >
          <Button color="inherit" onClick={onCancel}>{t("rg.action.cancel")}</Button>
          <Button type="submit" variant="contained" disabled={form.formState.isSubmitting || (!inserting && !dirty)}>
            {t(form.formState.isSubmitting ? "rg.form.saving" : "rg.action.save")}
          </Button>
        </Stack>
      </Card>
    </form>
  );
}

/** What is only shown stands after what can be set. */
function inOrder(all: readonly Attribute[], inserting: boolean): Attribute[] {
  const fixed = (each: Attribute) => Number(each.readonly || (each.key && !inserting));
  return [...all].sort((a, b) => fixed(a) - fixed(b));
}

/** A new row leaves out what is empty, so that the server's own defaults count. */
function withoutEmpty(values: Values, type: Type): Values {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== null && (value !== false || type.byName.get(name)?.initial !== null)));
}

function focusFirst(form: UseFormReturn<Values>, shown: readonly Attribute[]) {
  requestAnimationFrame(() => {
    const first = shown.find((each) => form.getFieldState(each.name).error);
    if (first) document.querySelector<HTMLElement>(`form [name="${CSS.escape(first.name)}"]`)?.focus();
  });
}

function Field({ type, attribute, form, row, required, first }: { type: Type; attribute: Attribute; form: UseFormReturn<Values>; row?: Row; required: boolean; first: boolean }) {
  const model = useModel();
  const parent = attribute.reference && (row?.[attribute.reference.relationship] as Row | null | undefined);
  const key = row?.[attribute.name];
  let known: Choice | undefined;
  if (parent && attribute.reference) known = { id: parent.id, name: nameOf(model, attribute.reference.resource, parent) };
  // Of a parent that this person may not see there is the key, and nothing to ask for.
  else if (parent === null && key !== null && key !== undefined) known = { id: String(key), name: String(key) };
  return (
    <Controller
      name={attribute.name}
      control={form.control}
      render={({ field, fieldState }) => (
        <AttributeInput
          attribute={attribute}
          label={labelOf(attribute, type.parents)}
          value={field.value}
          onChange={(value) => {
            form.clearErrors(attribute.name);
            field.onChange(value);
          }}
          onBlur={field.onBlur}
          required={required}
          error={fieldState.error?.message}
          help={attribute.info ?? undefined}
          known={known}
          autoFocus={first}
        />
      )}
    />
  );
}

/** A value that nobody sets here, with the rule that does. */
function Fixed({ type, attribute, row, error }: { type: Type; attribute: Attribute; row: Row; error?: string }) {
  const t = useTranslate();
  const why = attribute.derived ? t("rg.field.derived", { rule: attribute.derived }) : attribute.whyReadonly === "rule" ? t("rg.field.notYours") : null;
  return (
    <Box sx={{ px: 1.5, py: 0.6, borderRadius: 1, bgcolor: "action.hover" }}>
      <Typography component="div" sx={{ color: "text.secondary", fontSize: 12 }}>{labelOf(attribute, type.parents)}</Typography>
      <Box sx={{ fontSize: 14 }}>
        <Value attribute={attribute} row={row} />
      </Box>
      {error && <Typography color="error" sx={{ fontSize: 12 }}>{error}</Typography>}
      {why && <Typography sx={{ color: "text.secondary", fontSize: 12, mt: 0.25 }}>{why}</Typography>}
    </Box>
  );
}

/** Asks before changes are lost, by a link or by closing the tab. There only while something is changed. */
function LeaveWarning({ saved, question }: { saved: React.RefObject<boolean>; question: string }) {
  const blocker = useBlocker(({ currentLocation, nextLocation }) => !saved.current && currentLocation.pathname !== nextLocation.pathname);
  useEffect(() => {
    if (blocker.state !== "blocked") return;
    if (window.confirm(question)) blocker.proceed();
    else blocker.reset();
  }, [blocker, question]);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => !saved.current && event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [saved]);
  return null;
}

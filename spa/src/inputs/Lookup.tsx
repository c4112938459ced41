// Chooses a parent by what names it, searching on the server; what cannot be seen cannot be chosen.

import { Autocomplete, CircularProgress, TextField } from "@mui/material";
import { useQuery } from "@tanstack/react-query";
import { useDataProvider, useTranslate } from "ra-core";
import { useEffect, useState } from "react";
import { useModel } from "../app/context";
import type { Row } from "../data/document";
import type { Filter } from "../data/query";
import { nameOf, type Type } from "../meta/model";

export interface Choice {
  id: string;
  name: string;
}

interface Given {
  type: Type;
  label: string;
  value: unknown;
  /** The name of the present value, where it is known already. */
  known?: Choice;
  onChange: (id: string | null) => void;
  onBlur?: () => void;
  required?: boolean;
  error?: string;
  help?: string;
  name?: string;
  autoFocus?: boolean;
}

const PAGE = 25;
const PAUSE = 200;

export function useDelayed<T>(value: T): T {
  const [delayed, setDelayed] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return delayed;
}

/** What finds the rows that somebody means by a text: their number where that is their name, else the search. */
export function finding(type: Type, text: string): Filter {
  const userKey = type.byName.get(type.userKey);
  if (userKey?.kind === "integer" && !userKey.reference && /^\d{1,15}$/.test(text)) return { [userKey.name]: { op: "eq", val: Number(text) } };
  if (userKey?.kind === "text" && !type.searchable) return { [userKey.name]: { op: "contains", val: text } };
  return { q: text };
}

export function Lookup({ type, label, value, known, onChange, onBlur, required, error, help, name, autoFocus }: Given) {
  const t = useTranslate();
  const model = useModel();
  const provider = useDataProvider();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const id = value === null || value === undefined || value === "" ? null : String(value);
  const [picked, setPicked] = useState<Choice | undefined>(known);
  const text = useDelayed(picked && typed === picked.name ? "" : typed.trim());
  const userKey = type.byName.get(type.userKey);

  const { data: choices = [], isFetching } = useQuery({
    queryKey: ["lookup", type.name, text],
    enabled: open,
    queryFn: async ({ signal }) => {
      const { data } = await provider.getList<Row>(type.name, {
        filter: text ? finding(type, text) : {},
        sort: { field: type.userKey, order: "ASC" },
        pagination: { page: 1, perPage: PAGE },
        meta: { total: false, include: userKey?.reference ? [userKey.reference.relationship] : [] },
        signal,
      });
      return data.map((row): Choice => ({ id: row.id, name: nameOf(model, type.name, row) }));
    },
  });

  const missing = id !== null && picked?.id !== id;
  const { data: present } = useQuery({
    queryKey: ["lookup-one", type.name, id],
    enabled: missing,
    retry: false,
    queryFn: async (): Promise<Choice> => {
      const { data } = await provider.getOne<Row>(type.name, { id: id as string });
      return { id: data.id, name: nameOf(model, type.name, data) };
    },
  });
  const chosen: Choice | null = id === null ? null : missing ? (present ?? { id, name: id }) : (picked ?? null);

  return (
    <Autocomplete<Choice>
      open={open}
      onOpen={() => setOpen(true)}
      onClose={() => setOpen(false)}
      options={choices}
      loading={isFetching}
      loadingText={t("rg.state.loading")}
      noOptionsText={t("rg.input.nothingFound")}
      openText={t("rg.input.open")}
      closeText={t("rg.input.close")}
      clearText={t("rg.input.clear")}
      value={chosen}
      filterOptions={(all) => all}
      getOptionLabel={(each) => each.name}
      getOptionKey={(each) => each.id}
      isOptionEqualToValue={(a, b) => a.id === b.id}
      onInputChange={(_event, now) => setTyped(now)}
      onChange={(_event, now) => {
        setPicked(now ?? undefined);
        onChange(now?.id ?? null);
      }}
      onBlur={onBlur}
      size="small"
      renderInput={(params) => (
        <TextField
          {...params}
          label={label}
          name={name}
          required={required}
          autoFocus={autoFocus}
          error={Boolean(error)}
          helperText={error ?? help}
          slotProps={{
            ...params.slotProps,
            input: {
              ...params.slotProps.input,
              endAdornment: (
                <>
                  {isFetching && <CircularProgress size={14} color="inherit" aria-label={t("rg.state.loading")} />}
                  {params.slotProps.input.endAdornment}
                </>
              ),
            },
          }}
        />
      )}
    />
  );
}

// Chooses a user; where the log-in provider cannot list its users, the name is typed.

import { Autocomplete, Box, TextField } from "@mui/material";
import { useQuery } from "@tanstack/react-query";
import { useTranslate } from "ra-core";
import { useState } from "react";
import { useDelayed } from "../inputs/Lookup";
import { findUsers, type User } from "./api";

interface Given {
  label: string;
  value: string;
  onChange: (user: string) => void;
  autoFocus?: boolean;
  width?: number | string;
}

export function UserPicker({ label, value, onChange, autoFocus, width = "100%" }: Given) {
  const t = useTranslate();
  const [typed, setTyped] = useState(value);
  const search = useDelayed(typed === value ? "" : typed);
  const { data } = useQuery({
    queryKey: ["users", search],
    queryFn: ({ signal }) => findUsers(search, signal),
    placeholderData: (before) => before,
  });
  const users: User[] = data?.users ?? [];
  const chosen = value ? (users.find((each) => each.id === value) ?? { id: value, name: "", roles: [] }) : null;
  return (
    <Autocomplete<User, false, false, true>
      freeSolo={data?.listed === false ? true : undefined}
      options={users}
      value={chosen}
      filterOptions={(all) => all}
      getOptionLabel={(each) => (typeof each === "string" ? each : each.id)}
      isOptionEqualToValue={(a, b) => (typeof a === "string" ? a : a.id) === (typeof b === "string" ? b : b.id)}
      openText={t("rg.input.open")}
      closeText={t("rg.input.close")}
      clearText={t("rg.input.clear")}
      noOptionsText={t("rg.input.nothingFound")}
      onInputChange={(_event, text) => setTyped(text)}
      onChange={(_event, now) => onChange(now === null ? "" : typeof now === "string" ? now : now.id)}
      onBlur={() => data?.listed === false && typed && onChange(typed)}
      size="small"
      sx={{ width }}
      renderOption={({ key, ...props }, each) => (
        <Box component="li" key={key} {...props} sx={{ display: "block !important" }}>
          <b>{each.id}</b> {each.name && each.name !== each.id && each.name}
          <Box component="span" sx={{ display: "block", fontSize: 12, color: "text.secondary" }}>{each.roles.join(", ")}</Box>
        </Box>
      )}
      renderInput={(params) => <TextField {...params} label={label} autoFocus={autoFocus} />}
    />
  );
}

// The inspector: what may this person do with these rows, and because of which lines of the declarations.

import { Box, Button, Card, MenuItem, Stack, TextField, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { useState } from "react";
import { useSearchParams } from "react-router-dom";
import { useApp } from "../app/context";
import { Page } from "../app/Page";
import { Empty } from "../app/states";
import { ACCESSES, type Access } from "./api";
import { Answer } from "./Answer";
import { UserPicker } from "./UserPicker";

export default function InspectorPage() {
  const t = useTranslate();
  const { model, view } = useApp();
  const [query, setQuery] = useSearchParams();
  const resource = query.get("resource") ?? model.types[0]?.name ?? "";
  const as = query.get("as") ?? model.principal.id;
  const access = (query.get("access") ?? "READ") as Access;
  const id = query.get("id") ?? "";
  const [typed, setTyped] = useState(id);

  function set(changes: Record<string, string>) {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    setQuery(next);
  }

  if (!model.may.why) return <Empty title={t("rg.policy.notForYou")} hint={t("rg.policy.notForYouHint")} />;
  const asked = { resource, access, as: as === model.principal.id ? undefined : as };
  return (
    <Page
      title={t("rg.menu.inspector")}
      actions={
        model.may.view_as && as !== model.principal.id && (
          <Button variant="outlined" onClick={() => void view(as)}>
            {t("rg.viewAs.asUser", { user: as })}
          </Button>
        )
      }
    >
      <Card sx={{ p: 2, mb: 2 }}>
        <Stack direction={{ xs: "column", md: "row" }} sx={{ gap: 1.5, alignItems: { md: "center" } }}>
          {model.may.inspect ? (
            <UserPicker label={t("rg.policy.who")} value={as} onChange={(user) => set({ as: user })} width={{ xs: "100%", md: 190 } as never} />
          ) : (
            <TextField label={t("rg.policy.who")} value={as} disabled sx={{ width: { md: 150 } }} />
          )}
          <TextField select label={t("rg.policy.wants")} value={access} onChange={(event) => set({ access: event.target.value })} sx={{ minWidth: 130 }}>
            {ACCESSES.map((each) => (
              <MenuItem key={each} value={each}>{t(`rg.policy.access.${each}`)}</MenuItem>
            ))}
          </TextField>
          <TextField
            select
            label={t("rg.policy.resource")}
            value={model.byName.has(resource) ? resource : ""}
            onChange={(event) => {
              setTyped("");
              set({ resource: event.target.value, id: "" });
            }}
            sx={{ minWidth: 190 }}
          >
            {model.types.map((each) => (
              <MenuItem key={each.name} value={each.name}>{each.plural}</MenuItem>
            ))}
          </TextField>
          <Box
            component="form"
            sx={{ display: "flex", gap: 1 }}
            onSubmit={(event) => {
              event.preventDefault();
              set({ id: typed.trim() });
            }}
          >
            <TextField label={t("rg.policy.row")} value={typed} onChange={(event) => setTyped(event.target.value)} sx={{ width: { xs: "100%", md: 150 } }} />
            <Button type="submit" variant="outlined">{t("rg.policy.trace")}</Button>
          </Box>
        </Stack>
      </Card>
      <Box sx={{ display: "grid", gap: 3, gridTemplateColumns: { xs: "minmax(0, 1fr)", lg: id ? "minmax(0, 1fr) minmax(0, 1fr)" : "minmax(0, 860px)" }, alignItems: "start" }}>
        {id && (
          <Box component="section" aria-label={t("rg.policy.oneRow")}>
            <Typography variant="h2" sx={{ mb: 1 }}>{t("rg.policy.oneRow")}</Typography>
            <Answer asked={{ ...asked, id }} both={false} />
          </Box>
        )}
        <Box component="section" aria-label={t("rg.policy.allRows")}>
          {id && <Typography variant="h2" sx={{ mb: 1 }}>{t("rg.policy.allRows")}</Typography>}
          <Answer asked={asked} />
        </Box>
      </Box>
    </Page>
  );
}

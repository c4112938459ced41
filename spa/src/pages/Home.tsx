// The first page: what there is, and how much of it this person sees.

import { Box, Card, CardActionArea, Chip, Stack, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { Link } from "react-router-dom";
import { useLocale, useModel } from "../app/context";
import { Page } from "../app/Page";
import { routes } from "../app/routes";
import { Empty, Failure } from "../app/states";
import { Info } from "./Info";
import { useAllCounts } from "./record/useCounts";

export function Home() {
  const t = useTranslate();
  const locale = useLocale();
  const model = useModel();
  const { counts, error } = useAllCounts();
  const shown = model.types.filter((each) => !each.hidden && each.can.read);
  const claims = Object.entries(model.principal.claims).filter(([name, value]) => name !== "id" && value !== null);
  return (
    <Page title={model.title}>
      <Stack direction="row" sx={{ gap: 1, mb: 2, mt: -1, flexWrap: "wrap", alignItems: "center", color: "text.secondary" }}>
        <Typography component="span">{t("rg.home.you", { name: model.principal.id })}</Typography>
        {model.principal.roles.map((each) => <Chip key={each} size="small" label={each} />)}
        {claims.map(([name, value]) => <Chip key={name} size="small" variant="outlined" label={`${name} ${String(value)}`} />)}
      </Stack>
      <Info html={model.info} name="home" open={model.info_toggle_checked} />
      {error !== null && error !== undefined && <Failure error={error} />}
      {shown.length === 0 && <Empty title={t("rg.home.nothing")} hint={t("rg.home.nothingHint")} />}
      <Box component="ul" sx={{ listStyle: "none", m: 0, p: 0, display: "grid", gap: 1.5, gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 230px), 1fr))" }}>
        {shown.map((each) => {
          const count = counts[each.name];
          return (
            <Card key={each.name} component="li">
              <CardActionArea component={Link} to={routes.list(each.name)} sx={{ p: 2, height: "100%", display: "flex", flexDirection: "column", alignItems: "stretch", justifyContent: "flex-start" }}>
                <Box sx={{ display: "flex", alignItems: "baseline", gap: 1 }}>
                  <Typography component="span" sx={{ fontWeight: 650, flex: 1 }}>{each.plural}</Typography>
                  <Typography component="span" sx={{ fontSize: 20, fontWeight: 600, fontVariantNumeric: "tabular-nums", minHeight: 30 }}>
                    {count === undefined ? "" : new Intl.NumberFormat(locale).format(count)}
                  </Typography>
                </Box>
                {each.description && (
                  <Typography component="span" variant="body2" sx={{ color: "text.secondary", mt: 0.25 }}>{each.description}</Typography>
                )}
              </CardActionArea>
            </Card>
          );
        })}
      </Box>
    </Page>
  );
}

// The API's own page, signed in by the same cookie.

import OpenInNew from "@mui/icons-material/OpenInNew";
import { Box, Button } from "@mui/material";
import { useTranslate } from "ra-core";
import { useModel } from "../app/context";
import { Page } from "../app/Page";

export default function ApiPage() {
  const t = useTranslate();
  const { view_as: viewing } = useModel();
  return (
    <Page
      title={t("rg.menu.api")}
      aside={viewing ? t("rg.api.own", { actor: viewing.actor }) : undefined}
      actions={
        <Button color="inherit" component="a" href="api" target="_blank" rel="noreferrer" startIcon={<OpenInNew />}>
          {t("rg.api.open")}
        </Button>
      }
    >
      {/* Swagger UI has one theme, a light one. */}
      <Box
        component="iframe"
        src="api"
        title={t("rg.menu.api")}
        sx={{ width: "100%", height: "calc(100vh - 150px)", minHeight: 420, border: 1, borderColor: "divider", borderRadius: 2, bgcolor: "#fff", colorScheme: "light" }}
      />
    </Page>
  );
}

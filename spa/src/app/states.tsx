// What a page shows when there is nothing to show: it is loading, it failed, it is not there, it is empty.

import { Alert, Box, Button, CircularProgress, Stack, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import type { ReactNode } from "react";
import { Link } from "react-router-dom";
import { ApiError } from "../data/http";
import { routes } from "./routes";

export function Busy() {
  const t = useTranslate();
  return (
    <Box sx={{ display: "grid", placeItems: "center", minHeight: 240 }}>
      <CircularProgress size={26} aria-label={t("rg.state.loading")} />
    </Box>
  );
}

/** A hidden row and a missing one are the same page. */
export function Missing({ what }: { what?: string }) {
  const t = useTranslate();
  return (
    <Empty title={what ?? t("rg.state.missing")} hint={t("rg.state.missingHint")}>
      <Button variant="outlined" component={Link} to={routes.home}>
        {t("rg.state.home")}
      </Button>
    </Empty>
  );
}

export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <Stack spacing={1} sx={{ alignItems: "center", textAlign: "center", py: 7, px: 2 }}>
      <Typography variant="h2" component="p">
        {title}
      </Typography>
      {hint && (
        <Typography variant="body2" sx={{ color: "text.secondary", maxWidth: 460 }}>
          {hint}
        </Typography>
      )}
      {children && <Stack direction="row" spacing={1} sx={{ pt: 1 }}>{children}</Stack>}
    </Stack>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useTranslate();
  if (error instanceof ApiError && error.status === 404) return <Missing />;
  const words = error instanceof Error ? error.message : String(error);
  const hint = error instanceof ApiError ? error.faults[0]?.meta?.hint : undefined;
  return (
    <Alert
      severity="error"
      sx={{ my: 2 }}
      action={
        retry && (
          <Button color="inherit" onClick={retry}>
            {t("rg.state.retry")}
          </Button>
        )
      }
    >
      {words}
      {hint && <Box sx={{ mt: 0.5, opacity: 0.85 }}>{hint}</Box>}
    </Alert>
  );
}

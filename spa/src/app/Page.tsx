// The head of a page: where it is, its title, what can be done here.

import { Box, Breadcrumbs, Link as MuiLink, Portal, Stack, Typography } from "@mui/material";
import { useEffect, useState, type ReactNode } from "react";
import { Link } from "react-router-dom";
import { useModel } from "./context";

export interface Crumb {
  label: string;
  to?: string;
}

interface Given {
  title: string;
  /** A quiet word beside the title: a count, a key. */
  aside?: ReactNode;
  crumbs?: readonly Crumb[];
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, aside, crumbs = [], actions, children }: Given) {
  const { title: site } = useModel();
  const [bar, setBar] = useState<HTMLElement | null>(null);

  useEffect(() => {
    document.title = `${title} · ${site}`;
    setBar(document.getElementById("crumbs"));
  }, [title, site]);

  return (
    <>
      {bar && (
        <Portal container={bar}>
          <Breadcrumbs sx={{ fontSize: 13, "& ol": { flexWrap: "nowrap", overflow: "hidden" }, "& li": { minWidth: 0 } }}>
            {[...crumbs, { label: title }].map((each, index) =>
              "to" in each && each.to ? (
                <MuiLink key={index} component={Link} to={each.to} underline="hover" noWrap sx={{ display: "block" }}>
                  {each.label}
                </MuiLink>
              ) : (
                <Typography key={index} component="span" noWrap sx={{ fontSize: 13, display: "block", color: "text.secondary" }}>
                  {each.label}
                </Typography>
              ),
            )}
          </Breadcrumbs>
        </Portal>
      )}
      <Stack direction="row" sx={{ alignItems: "center", flexWrap: "wrap", gap: 1, mb: 2, minHeight: 34 }}>
        <Box sx={{ flex: "1 1 auto", minWidth: 0, display: "flex", alignItems: "baseline", gap: 1.2 }}>
          <Typography variant="h1" sx={{ overflowWrap: "anywhere" }}>
            {title}
          </Typography>
          {aside !== undefined && (
            <Typography component="span" sx={{ color: "text.secondary", fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
              {aside}
            </Typography>
          )}
        </Box>
        <Stack direction="row" sx={{ gap: 0.75, flexWrap: "wrap", alignItems: "center" }}>{actions}</Stack>
      </Stack>
      {children}
    </>
  );
}

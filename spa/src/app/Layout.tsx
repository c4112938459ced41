// The frame of every page: the menu on the left, the bar above, the banner while viewing as somebody else.

import MenuIcon from "@mui/icons-material/Menu";
import { AppBar, Box, Drawer, IconButton, Link as MuiLink, Toolbar, Typography, useMediaQuery, type Theme } from "@mui/material";
import { useTranslate } from "ra-core";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "react-router-dom";
import { Menu } from "./Menu";
import { Notices } from "./Notices";
import { UserMenu } from "./UserMenu";
import { useModel } from "./context";
import { routes } from "./routes";
import { LanguageMenu, ThemeButton } from "./switches";
import { ViewAsBanner } from "../policy/ViewAsBanner";

const WIDTH = 224;

export function Layout({ children }: { children: ReactNode }) {
  const t = useTranslate();
  const model = useModel();
  const wide = useMediaQuery((theme: Theme) => theme.breakpoints.up("md"));
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const before = useRef(pathname);

  useEffect(() => {
    setOpen(false);
    window.scrollTo(0, 0);
    if (before.current === pathname) return undefined;
    before.current = pathname;
    // A link that went away with its page leaves the keyboard nowhere: it goes on at the content.
    const frame = requestAnimationFrame(() => {
      if (document.activeElement === document.body) main.current?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [pathname]);

  const menu = (
    <Box sx={{ display: "flex", flexDirection: "column", height: "100%", overflowY: "auto" }}>
      <Box
        component={Link}
        to={routes.home}
        sx={{ display: "flex", alignItems: "center", gap: 1.2, px: 2, height: 52, flexShrink: 0, color: "text.primary", textDecoration: "none" }}
      >
        <img src="./rowgate.svg" alt="" width={22} height={22} />
        <Typography component="span" sx={{ fontWeight: 650, fontSize: 14.5 }} noWrap>
          {model.title}
        </Typography>
      </Box>
      <Menu />
    </Box>
  );
  const paper = { width: WIDTH, boxSizing: "border-box", borderRight: 1, borderColor: "divider", bgcolor: "background.paper" } as const;

  return (
    <>
      <MuiLink
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
        sx={{
          position: "fixed", left: 8, top: -60, zIndex: 2000, bgcolor: "background.paper", p: 1, borderRadius: 1,
          "&:focus": { top: 8 },
        }}
      >
        {t("rg.layout.skip")}
      </MuiLink>
      <Box sx={{ display: "flex", minHeight: "100vh" }}>
        <Drawer
          variant={wide ? "permanent" : "temporary"}
          open={wide || open}
          onClose={() => setOpen(false)}
          sx={{ width: wide ? WIDTH : 0, flexShrink: 0 }}
          slotProps={{ paper: { component: "nav", "aria-label": t("rg.layout.menu"), sx: paper } as object }}
        >
          {menu}
        </Drawer>
        <Box sx={{ flex: 1, minWidth: 0, display: "flex", flexDirection: "column" }}>
          <AppBar
            position="sticky"
            color="transparent"
            elevation={0}
            sx={{ bgcolor: "background.default", borderBottom: 1, borderColor: "divider" }}
          >
            <ViewAsBanner />
            <Toolbar variant="dense" sx={{ minHeight: 52, gap: 0.5, px: { xs: 1.5, md: 3 } }} disableGutters>
              {!wide && (
                <IconButton onClick={() => setOpen(true)} aria-label={t("rg.layout.openMenu")} edge="start">
                  <MenuIcon />
                </IconButton>
              )}
              <Box id="crumbs" sx={{ flex: 1, minWidth: 0 }} />
              <LanguageMenu />
              <ThemeButton />
              <UserMenu />
            </Toolbar>
          </AppBar>
          <Box
            component="main"
            id="main"
            ref={main}
            tabIndex={-1}
            sx={{ flex: 1, px: { xs: 1.5, md: 3 }, py: { xs: 2, md: 2.5 }, outline: "none !important", minWidth: 0 }}
          >
            {children}
          </Box>
        </Box>
      </Box>
      <Notices />
    </>
  );
}

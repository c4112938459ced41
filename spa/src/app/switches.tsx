// Language and theme, as two small buttons of the bar.

import DarkModeOutlined from "@mui/icons-material/DarkModeOutlined";
import LightModeOutlined from "@mui/icons-material/LightModeOutlined";
import { Button, IconButton, Menu, MenuItem, Tooltip } from "@mui/material";
import { useLocaleState, useTranslate } from "ra-core";
import { useState } from "react";
import { storeLocale, type Locale } from "../preferences";
import { LANGUAGES } from "../i18n/provider";
import { useApp } from "./context";

export function ThemeButton() {
  const t = useTranslate();
  const { mode, setMode } = useApp();
  const other = mode === "dark" ? "light" : "dark";
  const label = t(`rg.layout.${other}`);
  return (
    <Tooltip title={label}>
      <IconButton onClick={() => setMode(other)} aria-label={label}>
        {mode === "dark" ? <LightModeOutlined fontSize="small" /> : <DarkModeOutlined fontSize="small" />}
      </IconButton>
    </Tooltip>
  );
}

export function LanguageMenu() {
  const t = useTranslate();
  const [locale, setLocale] = useLocaleState();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);

  function choose(chosen: Locale) {
    storeLocale(chosen);
    document.documentElement.lang = chosen;
    setLocale(chosen);
    setAnchor(null);
  }

  return (
    <>
      <Button
        color="inherit"
        onClick={(event) => setAnchor(event.currentTarget)}
        aria-label={t("rg.layout.language")}
        aria-haspopup="menu"
        sx={{ minWidth: 36, px: 0.5, color: "text.secondary" }}
      >
        {locale.toUpperCase()}
      </Button>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}>
        {LANGUAGES.map((each) => (
          <MenuItem key={each.locale} selected={each.locale === locale} lang={each.locale} onClick={() => choose(each.locale)}>
            {each.name}
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}

// The two themes: one accent, hairlines instead of shadows, small type where people work all day.

import { createTheme, type Theme, type ThemeOptions } from "@mui/material/styles";

const FONT = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
export const MONO = 'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

interface Tones {
  ground: string;
  paper: string;
  sunk: string;
  line: string;
  text: string;
  quiet: string;
  accent: string;
  onAccent: string;
  wash: string;
}

const LIGHT: Tones = {
  ground: "#f6f7f8",
  paper: "#ffffff",
  sunk: "#f1f3f4",
  line: "#dfe3e6",
  text: "#17212b",
  quiet: "#55616d",
  accent: "#0e5f63",
  onAccent: "#ffffff",
  wash: "#e4f0f0",
};

const DARK: Tones = {
  ground: "#0f1418",
  paper: "#161c21",
  sunk: "#1d242a",
  line: "#2c353d",
  text: "#e6ebef",
  quiet: "#a0acb7",
  accent: "#6cc5c4",
  onAccent: "#06272a",
  wash: "#173236",
};

function make(mode: "light" | "dark", tones: Tones): Theme {
  const options: ThemeOptions = {
    palette: {
      mode,
      primary: { main: tones.accent, contrastText: tones.onAccent },
      secondary: { main: tones.accent, contrastText: tones.onAccent },
      error: { main: mode === "light" ? "#b3261e" : "#ff8a80" },
      warning: { main: mode === "light" ? "#8a5300" : "#ffc35c" },
      success: { main: mode === "light" ? "#1f6b3a" : "#7fd6a0" },
      info: { main: mode === "light" ? "#1f5c99" : "#8ec5ff" },
      background: { default: tones.ground, paper: tones.paper },
      divider: tones.line,
      text: { primary: tones.text, secondary: tones.quiet },
      action: { hover: tones.sunk, selected: tones.wash },
    },
    shape: { borderRadius: 6 },
    typography: {
      fontFamily: FONT,
      fontSize: 13,
      htmlFontSize: 16,
      h1: { fontSize: 22, fontWeight: 650, letterSpacing: "-0.01em", lineHeight: 1.25 },
      h2: { fontSize: 15, fontWeight: 650, lineHeight: 1.35 },
      h3: { fontSize: 13, fontWeight: 650, lineHeight: 1.4 },
      button: { textTransform: "none", fontWeight: 600 },
      overline: { fontSize: 11, letterSpacing: "0.06em", fontWeight: 650, lineHeight: 1.6 },
    },
    components: {
      MuiCssBaseline: {
        styleOverrides: {
          body: { fontVariantNumeric: "lining-nums" },
          "a": { color: tones.accent },
          "code, pre, kbd": { fontFamily: MONO, fontSize: "0.93em" },
          "*:focus-visible": { outline: `2px solid ${tones.accent}`, outlineOffset: 1 },
          "@media (prefers-reduced-motion: reduce)": { "*": { animation: "none !important", transition: "none !important" } },
        },
      },
      MuiButtonBase: { defaultProps: { disableRipple: true } },
      MuiButton: {
        defaultProps: { size: "small", disableElevation: true },
        styleOverrides: { root: { borderRadius: 6, whiteSpace: "nowrap" }, outlined: { borderColor: tones.line } },
      },
      MuiIconButton: { defaultProps: { size: "small" } },
      MuiPaper: { defaultProps: { elevation: 0 }, styleOverrides: { root: { backgroundImage: "none" } } },
      MuiCard: { styleOverrides: { root: { border: `1px solid ${tones.line}`, borderRadius: 8, boxShadow: "none" } } },
      MuiDialog: { styleOverrides: { paper: { border: `1px solid ${tones.line}`, borderRadius: 10 } } },
      MuiPopover: { styleOverrides: { paper: { border: `1px solid ${tones.line}`, boxShadow: "0 8px 28px rgb(0 0 0 / .16)" } } },
      MuiTextField: { defaultProps: { size: "small", variant: "outlined" } },
      MuiFormControl: { defaultProps: { size: "small", variant: "outlined" } },
      MuiOutlinedInput: { styleOverrides: { root: { backgroundColor: tones.paper } } },
      MuiFormHelperText: { styleOverrides: { root: { marginLeft: 2 } } },
      MuiTableCell: {
        styleOverrides: {
          root: { borderBottomColor: tones.line, fontSize: 13, lineHeight: 1.4 },
          sizeSmall: { padding: "5px 10px" },
          head: { fontWeight: 600, color: tones.quiet, backgroundColor: tones.paper, whiteSpace: "nowrap" },
        },
      },
      MuiTab: { styleOverrides: { root: { minHeight: 40, padding: "8px 14px", textTransform: "none", fontWeight: 600 } } },
      MuiTabs: { styleOverrides: { root: { minHeight: 40 } } },
      MuiTooltip: {
        defaultProps: { arrow: true, enterDelay: 400 },
        styleOverrides: { tooltip: { fontSize: 12, maxWidth: 380, backgroundColor: mode === "light" ? "#1d2730" : "#35414b", color: "#fff" } },
      },
      MuiChip: { styleOverrides: { root: { borderRadius: 5, fontWeight: 500 }, sizeSmall: { height: 22 } } },
      MuiAlert: { styleOverrides: { root: { borderRadius: 8 } } },
      MuiMenuItem: { styleOverrides: { root: { fontSize: 13, minHeight: 34 } } },
    },
  };
  return createTheme(options);
}

export const light = make("light", LIGHT);
export const dark = make("dark", DARK);

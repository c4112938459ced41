// The app behind the sign-in: reads what this person may see, and gives it to the pages.

import createCache from "@emotion/cache";
import { CacheProvider } from "@emotion/react";
import { CssBaseline, ThemeProvider } from "@mui/material";
import { QueryClient } from "@tanstack/react-query";
import { CoreAdminContext, type DataProvider } from "ra-core";
import { useCallback, useEffect, useMemo, useState } from "react";
import { makeProvider } from "../data/provider";
import { ApiError, ask } from "../data/http";
import { loadI18n } from "../i18n/provider";
import { readModel, writable, type Model } from "../meta/model";
import type { Meta } from "../meta/wire";
import { locale, storeTheme, theme } from "../preferences";
import { signOut, stopViewing, viewAs, type Session } from "../session";
import { dark, light } from "../theme/theme";
import { AppContext, type AppValue, type Question } from "./context";
import { Layout } from "./Layout";
import { Pages } from "./Pages";
import { makeStore } from "./store";
import { WhyPanel } from "../policy/WhyPanel";

type I18n = Awaited<ReturnType<typeof loadI18n>>;

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
const styles = createCache({ key: "rg", nonce, prepend: true });

/** Refusals are answers: asking again changes nothing. Only a lost connection is worth a second try. */
function makeClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (count, error) => count < 1 && error instanceof ApiError && error.status === 0,
        refetchOnWindowFocus: false,
        staleTime: 0, // what was taken back a moment ago is not shown from memory
      },
    },
  });
}

interface Loaded {
  model: Model;
  /** Grows with each change of the person who looks, so that nothing of the one before remains. */
  generation: number;
}

let generation = 0;

export default function App({ session, onSignedOut }: { session: Session; onSignedOut: () => void }) {
  const [mode, setMode] = useState(theme);
  const [i18n, setI18n] = useState<I18n>();
  const [loaded, setLoaded] = useState<Loaded>();
  const [failed, setFailed] = useState<string>();
  const [question, setQuestion] = useState<Question>();

  const closeWhy = useCallback(() => setQuestion(undefined), []);

  const load = useCallback(async () => {
    try {
      const { data } = await ask<Meta>("admin/meta");
      generation += 1;
      setLoaded({ model: readModel(data), generation });
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return; // the sign-in page is on its way
      setFailed(error instanceof Error ? error.message : String(error));
    }
  }, []);

  useEffect(() => {
    void loadI18n(locale()).then(setI18n);
    void load();
  }, [load]);

  const parts = useMemo(() => {
    if (!loaded) return undefined;
    const { model } = loaded;
    const provider = makeProvider((name) => {
      const type = model.byName.get(name);
      if (!type) return { writable: [], key: [], parents: [] };
      return { writable: writable(type), key: type.key, parents: type.parents.map((each) => each.name) };
    });
    return { provider: provider as unknown as DataProvider, client: makeClient(), store: makeStore() };
  }, [loaded]);

  const value = useMemo<AppValue | undefined>(() => {
    if (!loaded) return undefined;
    return {
      model: loaded.model,
      session,
      mode,
      setMode: (chosen) => {
        storeTheme(chosen);
        setMode(chosen);
      },
      view: async (user) => {
        if (user === null) stopViewing();
        else await viewAs(user);
        setQuestion(undefined);
        location.hash = "#/";
        await load();
      },
      signOut: async () => {
        await signOut();
        onSignedOut();
      },
      why: setQuestion,
    };
  }, [loaded, session, mode, load, onSignedOut]);

  if (failed) return <p role="alert" style={{ padding: 24 }}>{failed}</p>;
  if (!loaded || !value || !parts || !i18n) return null;
  return (
    <CacheProvider value={styles}>
      <ThemeProvider theme={mode === "dark" ? dark : light}>
        <CssBaseline enableColorScheme />
        <AppContext.Provider value={value} key={loaded.generation}>
          <CoreAdminContext dataProvider={parts.provider} i18nProvider={i18n} store={parts.store} queryClient={parts.client}>
            <Layout>
              <Pages />
            </Layout>
            <WhyPanel question={question} onClose={closeWhy} />
          </CoreAdminContext>
        </AppContext.Provider>
      </ThemeProvider>
    </CacheProvider>
  );
}

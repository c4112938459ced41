// The first thing loaded: asks who is signed in, shows the sign-in page, or loads the app.

import { lazy, StrictMode, Suspense, useCallback, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { ApiError, whenSignedOut } from "./data/http";
import { Login } from "./login/Login";
import { locale, showTheme, theme } from "./preferences";
import { readSession, stopViewing, type Session } from "./session";

const loadApp = () => import("./app/App");
const App = lazy(loadApp);

function Start() {
  const [session, setSession] = useState<Session>();
  const [failed, setFailed] = useState<string>();
  const [ended, setEnded] = useState(false);
  // A new session begins with a new app: nothing of the one before may stay on the screen.
  const [turn, setTurn] = useState(0);

  const begin = useCallback(async () => {
    try {
      const found = await readSession();
      document.title = found.title;
      setSession(found);
      setTurn((before) => before + 1);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailed(error.message);
    }
  }, []);

  useEffect(() => {
    // The gate is here and not in react-admin: its requireAuth renders in a circle in 5.15.
    whenSignedOut(() => {
      stopViewing();
      setEnded(true);
      void begin();
    });
    void begin();
  }, [begin]);

  if (failed) return <p role="alert">{failed}</p>;
  if (!session) return null;
  if (!session.signed_in) {
    return (
      <Login
        session={session}
        ended={ended}
        onBegin={() => void loadApp()}
        onSignedIn={() => {
          setEnded(false);
          void begin();
        }}
      />
    );
  }
  const signedOut = () => {
    location.hash = "";
    setEnded(false);
    void begin();
  };
  return (
    <Suspense fallback={null}>
      <App key={turn} session={session} onSignedOut={signedOut} />
    </Suspense>
  );
}

showTheme(theme());
document.documentElement.lang = locale();
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element with the id root");
createRoot(root).render(
  <StrictMode>
    <Start />
  </StrictMode>,
);

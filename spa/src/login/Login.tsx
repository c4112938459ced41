// The sign-in page: two fields; and the sample's log-ins as long as the server itself says that they are in use.

import { useState, type FormEvent } from "react";
import { ApiError } from "../data/http";
import { locale } from "../preferences";
import { signIn, type Session } from "../session";
import "./login.css";
import { LOGIN_WORDS } from "./words";

interface Given {
  session: Session;
  ended: boolean;
  onSignedIn: () => void;
  /** Begin to load the app, because somebody is about to need it. */
  onBegin: () => void;
}

export function Login({ session, ended, onSignedIn, onBegin }: Given) {
  const say = LOGIN_WORDS[locale()];
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [refused, setRefused] = useState<string | undefined>(ended ? say.ended : undefined);
  const [busy, setBusy] = useState(false);

  async function submit(name: string, secret: string) {
    setBusy(true);
    setRefused(undefined);
    onBegin();
    try {
      await signIn(name, secret);
      onSignedIn();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefused(error.message);
      setBusy(false);
    }
  }

  function onSubmit(event: FormEvent) {
    event.preventDefault();
    void submit(user, password);
  }

  const samples = session.sample_logins ?? [];
  return (
    <main className="sign-in">
      <div className="mark">
        <img src="./rowgate.svg" alt="" />
        <div>
          <small>{say.signInTo}</small>
          <h1>{session.title}</h1>
        </div>
      </div>
      <form onSubmit={onSubmit} aria-busy={busy}>
        <label>
          {say.user}
          <input
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            autoFocus
            value={user}
            onChange={(event) => setUser(event.target.value)}
          />
        </label>
        <label>
          {say.password}
          <input
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        {refused && (
          <p className="refused" role="alert">
            {refused}
          </p>
        )}
        <button type="submit" disabled={busy}>
          {busy ? say.signingIn : say.signIn}
        </button>
      </form>
      {samples.length > 0 && (
        <section aria-labelledby="samples">
          <h2 id="samples">{say.sample}</h2>
          <ul tabIndex={0} aria-labelledby="samples">
            {samples.map((each) => (
              <li key={each.id}>
                <button type="button" disabled={busy} onClick={() => void submit(each.id, each.password)}>
                  <b>{each.id}</b>
                  <span>
                    {[each.name, each.roles.join(", ")].filter(Boolean).join(" · ")}
                    {each.note && <><br />{each.note}</>}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </main>
  );
}

/** The page for people who are not signed in, and the page of an error. Pure. */
import { type Html, html } from '../parts/html-template.ts'
import { hidden, mark } from '../parts/layout.ts'

export interface SignIn {
  /** Why the token was not accepted; null: none was given. */
  readonly error: string | null
  readonly back: string
}

export function signInBody({ error, back }: SignIn): Html {
  const invalid = error === null ? null : html` aria-invalid="true" aria-describedby="token-error"`
  return html`<div class="card sign-in">
<p class="brand">${mark()}<span>Signalbox</span></p>
<h1>Sign in</h1>
<form method="post" action="/sign-in" class="stack">
${hidden({ back })}
<label>Token<input type="password" name="token" required autofocus autocomplete="current-password" spellcheck="false"${invalid}></label>
${error !== null && html`<p class="error" id="token-error" role="alert">${error}</p>`}
<p class="buttons"><button class="primary">Sign in</button></p>
</form>
<p class="hint">Create a token with <code>signalbox token new NAME --role operator</code>, and add the line that it prints to <code>signalbox.yaml</code>. The session lasts 12 hours.</p>
</div>`
}

/** @param hint what to do next; empty: there is no advice. */
export function errorBody(title: string, sentence: string, hint = ''): Html {
  return html`<div class="heading"><h1>${title}</h1></div>
<div class="card"><p role="alert">${sentence}</p>${hint !== '' && html`<p class="quiet-text">${hint}</p>`}
<p class="buttons"><a class="button" href="/alerts">Go to the alerts</a></p></div>`
}

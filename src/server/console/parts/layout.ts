/** The frame of every page: head, navigation, the person, and the list of keys. Pure. */
import type { Identity } from '../console-ports.ts'
import { type Html, html } from './html-template.ts'
import { type IconName, icon } from './icons.ts'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** What a page knows of its request. */
export interface PageContext {
  readonly identity: Identity
  /** Without a token there is nothing to sign out of. */
  readonly isSignedIn: boolean
  /** Forms carry it, so that no other site can send them. */
  readonly forgeryToken: string
  /** Each page has its own, so that a form of it that is sent twice is one request. */
  readonly formId: string
  readonly theme: Theme
  readonly now: number
  /** The path and the parameters of the page, to return to it. */
  readonly url: string
  readonly notice: Notice | null
  readonly assets: { readonly style: string; readonly script: string }
}

/** What the last act has done. */
export interface Notice {
  readonly ok: boolean
  readonly sentence: string
}

export interface PageView {
  readonly title: string
  readonly section: Section | null
  readonly body: Html
}

const SECTIONS = [
  ['overview', '/', 'Overview'],
  ['alerts', '/alerts', 'Alerts'],
  ['deliveries', '/deliveries', 'Deliveries'],
  ['destinations', '/destinations', 'Destinations'],
  ['silences', '/silences', 'Silences'],
  ['routes', '/routes', 'Routes'],
  ['detections', '/detections', 'Detections'],
] as const satisfies readonly (readonly [IconName, string, string])[]
export type Section = (typeof SECTIONS)[number][0]

const KEYS = [
  ['j', 'the next row'],
  ['k', 'the previous row'],
  ['x', 'select the row'],
  ['Enter', 'open the row'],
  ['a', 'acknowledge'],
  ['r', 'resolve'],
  ['c', 'comment'],
  ['s', 'silence alerts like this one'],
  ['/', 'search'],
  ['?', 'show these keys'],
  ['Esc', 'leave a field or close this list'],
] as const

export function layout({ title, section, body }: PageView, context: PageContext): Html {
  return frame(
    title,
    context,
    html`<header class="top">
  <a class="brand" href="/">${mark()}<span>Signalbox</span></a>
  <nav aria-label="Pages"><ul>${SECTIONS.map((each) => sectionLink(each, section))}</ul></nav>
  ${person(context)}
</header>
<main id="main" tabindex="-1">
${context.notice && noticeBox(context.notice)}
${body}
</main>
<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2>${keysList()}
<form method="dialog"><button class="quiet">Close</button></form></dialog>`,
  )
}

/** The page without navigation, for people who are not signed in. */
export function plainLayout(title: string, body: Html, context: Omit<PageContext, 'identity'>): Html {
  return frame(title, context, html`<main id="main" class="plain" tabindex="-1">${body}</main>`)
}

function frame(title: string, { theme, assets }: Omit<PageContext, 'identity'>, body: Html): Html {
  return html`<!doctype html>
<html lang="en" data-theme="${theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="${theme === 'auto' ? 'light dark' : theme}">
<title>${title} · Signalbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assets.style}">
<script src="${assets.script}" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${body}
</body>
</html>
`
}

export function mark(): Html {
  return html`<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"><path d="M4 20V4m0 13h7c4 0 4-9 9-9M4 17h16"/><circle cx="4" cy="4" r="2.5"/></svg>`
}

function sectionLink([id, path, title]: (typeof SECTIONS)[number], current: Section | null): Html {
  const state = id === current ? html` aria-current="page"` : null
  return html`<li><a href="${path}"${state}>${icon(id)}<span>${title}</span></a></li>`
}

function person({ identity, isSignedIn, forgeryToken, theme, url }: PageContext): Html {
  const role = html`<span class="role">${identity.role}</span>`
  return html`<div class="person">
  <p><strong>${identity.name}</strong>${role}</p>
  <form method="post" action="/theme" class="theme">${hidden({ _token: forgeryToken, back: url })}
    <fieldset><legend>Colours</legend>${THEMES.map(
      (each) =>
        html`<button name="theme" value="${each}" aria-pressed="${each === theme ? 'true' : 'false'}">${each}</button>`,
    )}</fieldset></form>
  <p class="small"><a href="/keys" data-opens="keys">Keys</a></p>
  ${isSignedIn && html`<form method="post" action="/sign-out">${hidden({ _token: forgeryToken })}<button class="link">Sign out</button></form>`}
</div>`
}

export function keysList(): Html {
  return html`<dl class="keys">${KEYS.map(([key, does]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${does}</dd></div>`)}</dl>`
}

function noticeBox({ ok, sentence }: Notice): Html {
  return ok
    ? html`<p class="notice" role="status">${sentence}</p>`
    : html`<p class="notice failed" role="alert">${sentence}</p>`
}

export function hidden(fields: Readonly<Record<string, string>>): Html {
  return html`${Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}`
}

/** A form that does something. Without the role it says which role is needed. */
export function actForm(
  context: PageContext,
  { action, className = '', does }: { action: string; className?: string; does: string },
  content: Html,
): Html {
  if (context.identity.role !== 'operator') return html`<p class="needs-role">${roleSentence(does)}</p>`
  return html`<form method="post" action="${action}" class="${className}">${hidden({ _token: context.forgeryToken, _form: context.formId, back: context.url })}${content}</form>`
}

/** @param does for example `acknowledge alerts`. */
export function roleSentence(does: string): string {
  return `To ${does}, sign in with a token of the role operator.`
}

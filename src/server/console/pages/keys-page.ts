/** The list of keys as a page, for browsers without script. Pure. */
import { html } from '../parts/html-template.ts'
import { keysList, type PageView } from '../parts/layout.ts'

export function keysPage(): PageView {
  return {
    title: 'Keys',
    section: null,
    body: html`<div class="heading"><h1>Keys</h1></div><div class="card">${keysList()}<p class="quiet-text">Keys need script. Everything can be done with Tab, Enter and the mouse, too.</p></div>`,
  }
}

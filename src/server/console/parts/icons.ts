/** The signs of the navigation, as SVG of our own. Pure. */
import { type Html, html } from './html-template.ts'

/** The lines of each sign in a square of 20. */
const LINES = {
  overview: 'M3 17V9m5 8V4m5 13v-6m5 6V7',
  alerts: 'M4 14h12l-1.5-2V8.5a4.5 4.5 0 0 0-9 0V12zm4 0v1a2 2 0 0 0 4 0v-1',
  destinations: 'M17 3 2.5 8.5l5.5 3L11 17zM8 11.5 17 3',
  deliveries: 'M3 5h14v10H3zm0 1 7 5 7-5',
  silences: 'M3 3l14 14M6 9a4 4 0 0 1 6.8-2.9M14 10v2l1.5 2H7m1 2a2 2 0 0 0 4 0M6 9v3l-1.5 2',
  routes: 'M3 10h4c3 0 3-5 6-5h4m-10 5c3 0 3 5 6 5h4m-2-12 2 2-2 2m0 6 2 2-2 2',
  detections: 'M10 2.5 4 5v4.5c0 4 2.5 6.5 6 8 3.5-1.5 6-4 6-8V5zm-2.5 7.5 2 2 3.5-4',
} as const

export type IconName = keyof typeof LINES

export function icon(name: IconName): Html {
  return html`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false"><path d="${LINES[name]}"/></svg>`
}

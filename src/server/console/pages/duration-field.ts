/** The field of a form for a duration, with what is wrong with it. Pure. */
import { DURATION_PATTERN } from '../parts/form-duration.ts'
import { type Html, html } from '../parts/html-template.ts'

interface DurationField {
  readonly label: string
  readonly id: string
  readonly value: string
  readonly error: string | null
}

/** The value that a form sends as `for`. */
export function durationField({ label, id, value, error }: DurationField): Html {
  const invalid = error === null ? null : html` aria-invalid="true" aria-describedby="${id}-error"`
  return html`<label>${label}<input name="for" value="${value}" placeholder="30m, 2h or 3d" pattern="${DURATION_PATTERN}" title="Minutes, hours or days, for example 30m, 2h or 3d" size="13" maxlength="5" required autocomplete="off"${invalid}></label>${
    error !== null && html`<p class="error" id="${id}-error" role="alert">${error}</p>`
  }`
}

/** The page to add a silence, and the acts of silences: each is a form, and what is wrong with it is said at the form. */
import type { FastifyInstance } from 'fastify'
import { type ActReports, failed } from './act-reports.ts'
import type { ConsolePorts, SilencePreview } from './console-ports.ts'
import { idOf, parametersOf } from './page-routes.ts'
import { newSilencePage } from './pages/new-silence-page.ts'
import {
  type FieldError,
  matchErrors,
  type SilenceFields,
  silenceErrors,
  silenceFieldsOf,
  wantedSilenceOf,
} from './pages/silence-fields.ts'
import { silencesPage } from './pages/silences-page.ts'
import { NO_DURATION, parseDuration } from './parts/form-duration.ts'
import type { PageContext, PageView } from './parts/layout.ts'
import { FormFields } from './request-form.ts'
import type { ConsoleRequests } from './requests.ts'

export function addSilenceActs(
  scope: FastifyInstance,
  requests: ConsoleRequests,
  ports: ConsolePorts,
  reports: ActReports,
): void {
  const { acts } = ports
  addNewSilence(scope, requests, ports, reports)
  scope.post(
    '/silences/:id/extend',
    requests.act('extend silences', async ({ context, form, back, by }, request, reply) => {
      const id = idOf(request)
      const forMs = parseDuration(form.text('for'))
      const report =
        forMs === undefined
          ? failed(NO_DURATION)
          : await reports.of(by, () => acts.extendSilence(id, forMs, by))
      if (report.ok) return requests.redirect(reply, back, report)
      const page = silencesPage(await ports.silences(), { id, sentence: report.sentence }, context)
      return requests.send(reply, page, context, 422)
    }),
  )

  scope.post(
    '/silences/:id/expire',
    requests.act('expire silences', async ({ back, by }, request, reply) =>
      requests.redirect(reply, back, await reports.of(by, () => acts.expireSilence(idOf(request), by))),
    ),
  )
}

function addNewSilence(
  scope: FastifyInstance,
  requests: ConsoleRequests,
  ports: ConsolePorts,
  reports: ActReports,
): void {
  const pageOf = (
    fields: SilenceFields,
    errors: readonly FieldError[],
    preview: SilencePreview | null,
    context: PageContext,
  ): PageView => {
    const destinations = ports.registry().destinations.map(({ name }) => name)
    return newSilencePage({ fields, errors, preview, destinations }, context)
  }

  scope.get(
    '/silences/new',
    requests.page(async (context, request) => {
      const given = new FormFields(Buffer.from(parametersOf(request).toString()))
      return pageOf(silenceFieldsOf(given), [], null, context)
    }),
  )

  scope.post(
    '/silences/preview',
    requests.act('preview silences', async ({ context, form }, _request, reply) => {
      const fields = silenceFieldsOf(form)
      const errors = matchErrors(fields)
      const preview = errors.length === 0 ? await ports.previewSilence(wantedSilenceOf(fields)) : null
      return requests.send(reply, pageOf(fields, errors, preview, context), context, preview ? 200 : 422)
    }),
  )

  scope.post(
    '/silences',
    requests.act('add silences', async ({ context, form, by }, _request, reply) => {
      const fields = silenceFieldsOf(form)
      const forMs = parseDuration(fields.duration)
      const errors = silenceErrors(fields)
      if (errors.length === 0 && forMs !== undefined) {
        const wanted = wantedSilenceOf(fields)
        const report = await reports.of(by, () => ports.acts.addSilence(wanted, forMs, by))
        if (report.ok) return requests.redirect(reply, '/silences', report)
        errors.push({ field: null, sentence: report.sentence })
      }
      return requests.send(reply, pageOf(fields, errors, null, context), context, 422)
    }),
  )
}

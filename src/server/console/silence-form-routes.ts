/** The acts of silences: each is a form, and what is wrong with it is said at the form. */
import type { FastifyInstance } from 'fastify'
import { type ActReports, failed } from './act-reports.ts'
import type { ConsolePorts } from './console-ports.ts'
import { idOf } from './page-routes.ts'
import { silencesPage } from './pages/silences-page.ts'
import { parseDuration } from './parts/form-duration.ts'
import type { ConsoleRequests } from './requests.ts'

const NO_DURATION = 'Write a duration such as 30m, 2h or 3d.'

export function addSilenceActs(
  scope: FastifyInstance,
  requests: ConsoleRequests,
  ports: ConsolePorts,
  reports: ActReports,
): void {
  const { acts } = ports
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

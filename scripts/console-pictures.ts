// node scripts/run.cjs node scripts/console-pictures.ts: makes the pictures of the console in docs/console, in both themes.
import { join } from 'node:path'
import { openBrowser, signIn, visit } from '../test/support/browser.ts'
import { CONSOLE_PAGES, PICTURED_PAGES, pictureName } from '../test/support/console-alerts.ts'
import { openConsole, TOKENS } from '../test/support/console-server.ts'

const FOLDER = join(import.meta.dirname, '..', 'docs', 'console')
const SIZE = { width: 960, height: 580 }

const [server, browser] = await Promise.all([openConsole(), openBrowser()])
for (const scheme of ['light', 'dark'] as const) {
  const { page, close } = await visit(browser, { scheme })
  await signIn(page, server.url, Object.keys(TOKENS)[0]!)
  await page.setViewportSize(SIZE)
  for (const name of PICTURED_PAGES) {
    await page.goto(server.url + CONSOLE_PAGES[name]!)
    await page.screenshot({ path: join(FOLDER, pictureName(name, scheme)) })
  }
  await close()
}
await browser.close()
await server.close()

/** The workflow of GitHub Actions for a repository of detections; docs/ci.md shows the same text. */
export const DETECTIONS_WORKFLOW = `name: detections
on: [push, pull_request]
permissions:
  contents: read
  pull-requests: write
jobs:
  test:
    runs-on: ubuntu-latest
    env:
      COMPARED_WITH: origin/\${{ github.base_ref }}
    steps:
      - uses: actions/checkout@v6
        with: { fetch-depth: 0, persist-credentials: false }
      - uses: actions/setup-node@v6
        with: { node-version: 24 }
      - uses: actions/cache@v5
        with:
          path: ~/.cache/signalbox/snapshots
          key: signalbox-\${{ hashFiles('package-lock.json') }}-\${{ github.sha }}
          restore-keys: signalbox-\${{ hashFiles('package-lock.json') }}-
      - run: npm ci --ignore-scripts --omit=optional
      - run: npx --no-install signalbox validate --fail-on-warnings
      - run: npx --no-install signalbox test --fail-on-warnings --reporter github
      - name: What the pull request re-routes
        if: github.event_name == 'pull_request'
        run: |
          npx --no-install signalbox routes diff "$COMPARED_WITH" > routes.md
          cat routes.md >> "$GITHUB_STEP_SUMMARY"
      - name: The same as a comment, where the token may write one
        if: github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository
        run: gh pr comment "$PULL_REQUEST" --body-file routes.md --edit-last --create-if-none
        env:
          GH_TOKEN: \${{ github.token }}
          PULL_REQUEST: \${{ github.event.pull_request.html_url }}
`

// A page on which nothing may be said in the console, and no request may fail unexpectedly.
import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect } from "@playwright/test";

export { expect };

// What Chromium itself says: that a page's own status is 404, and, where scripts do not run, that they were not run.
const chromiums = /status of 404|was preloaded using link preload but not used/;

export const test = base.extend({
  baseURL: async ({}, use) => use(process.env.SERVICE_URL),
  page: async ({ page }, use) => {
    const said = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !chromiums.test(message.text())) said.push(message.text());
    });
    page.on("pageerror", (error) => said.push(String(error)));
    await use(page);
    expect(said, "the console is silent").toEqual([]);
  },
});

/** Nothing that axe knows keeps anybody from using the page, by day and by night. */
export async function accessible(page) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  }
}

/** Pictures of a page in both themes and widths, to be looked at. */
export async function pictures(page, name, info) {
  if (info.project.name !== "with JavaScript") return;
  for (const [device, width, height] of [["phone", 390, 844], ["desktop", 1280, 800]]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `screenshots/${name}-${device}-${colorScheme}.png`, fullPage: true });
    }
  }
}

// A page on which nothing may be said in the console, and no request may fail unexpectedly.
import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect } from "@playwright/test";
import { use } from "./service.js";

// In a worker; the process that starts them has none.
if (process.env.SERVICES) use(process.env.TEST_PARALLEL_INDEX);

export { expect };

// What Chromium itself says: that an answer has a status of its own (looked at below), that there is no such app, and, where scripts do not run, that they
// were not run.
const chromiums = /Failed to load resource|Failed to launch|was preloaded using link preload but not used/;

export const test = base.extend({
  baseURL: async ({}, use) => use(process.env.SERVICE_URL),
  page: async ({ page, javaScriptEnabled }, use) => {
    const said = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !chromiums.test(message.text())) said.push(message.text());
    });
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("response", (response) => {
      // Pages, and what they ask, may say no. What they are made of is there.
      const may = ["document", "fetch", "xhr"].includes(response.request().resourceType());
      if (response.status() >= 400 && !may) said.push(`${response.status()} ${response.url()}`);
    });
    page.scripted = javaScriptEnabled !== false;
    page.open = async (path) => {
      const answer = await page.goto(path);
      await ready(page);
      return answer;
    };
    await use(page);
    expect(said, "the console is silent").toEqual([]);
  },
});

/** Waits until the script has taken the page over, if there is one. */
export async function ready(page) {
  if (page.scripted) await page.waitForFunction(() => performance.getEntriesByName("hydrated").length > 0);
}

/** Signs in by password, and is where that leads. */
export async function signIn(page, person, to = "") {
  await page.open(`/sign-in${to && `?to=${encodeURIComponent(to)}`}`);
  await page.getByLabel("User name").fill(person.username);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(to || "/invites");
  // It may be a page of the other program.
  await ready(page);
}

/** Nothing that axe knows keeps anybody from using the page, by day and by night. It needs scripts. */
export async function accessible(page) {
  if (!page.scripted) return;
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => [html, failureSummary])])).toEqual([]);
  }
}

/** Looks at a page as axe does, and takes pictures of it in both themes and widths, for people to look at. */
export async function look(page, name) {
  await accessible(page);
  if (!page.scripted) return;
  const before = page.viewportSize();
  for (const [device, width, height] of [["phone", 390, 844], ["desktop", 1280, 800]]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, `${name} fits a ${device}`).toBeLessThanOrEqual(width);
      await page.screenshot({ path: `screenshots/${name}-${device}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.setViewportSize(before);
}

import { expect, ready, test } from "../fixtures.js";
import { between, invite, person, room } from "../world.js";

const password = "courgette tram lantern";

test.afterEach(() => between("pass"));

test("a new account sees its rooms open, and goes on at another device", async ({ page, browser }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  const code = await invite(anna, [await room(anna, "General"), await room(anna, "Seeds")]);
  const name = `ben${Date.now().toString(36)}`;
  await page.setExtraHTTPHeaders({ "X-Forwarded-For": `10.251.${Date.now() % 250}.1` });
  await page.open(`/i/${code}`);
  await between("hold", "/join\\?");
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create account and join" }).click();
  await expect(page.getByText("0 of 2 joined")).toBeVisible();
  await expect(page.getByText("Your account", { exact: true })).toBeVisible();

  const context = await browser.newContext({ baseURL: process.env.SERVICE_URL, reducedMotion: "reduce" });
  const other = Object.assign(await context.newPage(), { scripted: true });
  await other.goto(`/i/${code}`);
  await other.getByRole("link", { name: "Sign in to join" }).click();
  await ready(other);
  await other.getByLabel("User name").fill(name);
  await other.getByLabel("Password").fill(password);
  await other.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(other.getByText("0 of 2 joined")).toBeVisible();
  await between("pass");
  for (const device of [page, other]) {
    await expect(device.getByRole("heading", { name: `You’re in, ${name}` })).toBeVisible();
  }
  await context.close();
});

test("an app that is not there is not waited for", async ({ page }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  const code = await invite(anna, [await room(anna, "General")]);
  await page.open(`/i/${code}`);
  await expect(page.getByText("Acter isn’t on this device")).toBeHidden();
  await page.getByRole("link", { name: "Open it in Acter" }).click();
  await expect(page.getByText("Acter isn’t on this device")).toBeVisible();
});

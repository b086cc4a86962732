import { expect, look, test } from "../fixtures.js";
import { between, invite, person, room } from "../world.js";

test.afterEach(() => between("pass"));

test("while the homeserver is away, an invite says whose it is, and goes on when it is back", async ({ page }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  const code = await invite(anna, [await room(anna, "General"), await room(anna, "Seeds")]);
  await page.open(`/i/${code}`);
  await between("refuse");
  // Nothing of what is shown may be fresh.
  await expect(async () => {
    const answer = await page.open(`/i/${code}`);
    expect(answer.status()).toBe(503);
  }).toPass();
  await expect(page.getByRole("heading", { name: "Anna Ahlgren" })).toBeVisible();
  await expect(page.getByText("invites you to 2 rooms")).toBeVisible();
  await expect(page.getByText("test isn’t answering.")).toBeVisible();
  await look(page, "landing-away");
  await between("pass");
  if (!page.scripted) await page.getByRole("link", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Create your account" })).toBeVisible();
});

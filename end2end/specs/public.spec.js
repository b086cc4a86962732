import { expect, look, signIn, test } from "../fixtures.js";
import { join, membership, person, room, setPicture, space } from "../world.js";

/** The code of the invite whose page this is. */
const code = (page) => new URL(page.url()).pathname.split("/").pop();

/** Whoever opens a page from now on is signed in no more; what the page before still loads would ask for that. */
async function signedOut(page) {
  await page.goto("about:blank");
  await page.context().clearCookies();
}

test("an owner writes a title and chooses a picture: strangers see both, and no names", async ({ page }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  const general = await room(anna, "General");
  const garden = await space(anna, "Garden Collective", [general]);
  await setPicture(anna, garden);
  await signIn(page, anna, "/new");
  for (const name of ["General", "Garden Collective"]) await page.getByRole("checkbox", { name }).check();
  await page.getByText("More options").click();
  await page.getByLabel("Public title").fill("Summer camp");
  await page.getByLabel("Public picture").selectOption("Garden Collective");
  await look(page, "new-public");
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
  await expect(page.getByText("Shown to everyone with the link")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Summer camp");
  await look(page, "invite-public");

  const path = `/i/${code(page)}`;
  await signedOut(page);
  await page.open(path);
  await expect(page.getByRole("heading", { level: 1, name: "Summer camp" })).toBeVisible();
  await expect(page.getByText("1 room and 1 space", { exact: true })).toBeVisible();
  await expect(page.locator('meta[property="og:title"]')).toHaveAttribute("content", "Anna Ahlgren invites you to Summer camp");
  for (const name of ["General", "Garden Collective", /\d members?/]) await expect(page.getByText(name)).toHaveCount(0);
  const picture = page.locator(".portal .sign img");
  await expect(picture).toBeVisible();
  await expect.poll(() => picture.evaluate((image) => image.naturalWidth)).toBeGreaterThan(0);
  await look(page, "landing-public");
});

test("a picture of a room that is not selected is said at its field", async ({ page }) => {
  const anna = await person("Anna");
  await room(anna, "General");
  await setPicture(anna, await room(anna, "Seeds"));
  await signIn(page, anna, "/new");
  await page.getByRole("checkbox", { name: "General" }).check();
  await page.getByText("More options").click();
  await page.getByLabel("Public picture").selectOption("Seeds");
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByLabel("Public picture")).toHaveAccessibleDescription(/has to be that of a room which you selected/);
  await expect(page.getByLabel("Public picture")).toBeFocused();
  await page.getByLabel("Public picture").selectOption("None");
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
});

test("members are counted where rooms are named", async ({ page }) => {
  const [anna, ben] = [await person("Anna"), await person("Ben")];
  const general = await room(anna, "General");
  await membership(anna, general, "invite", ben);
  await join(ben, general);
  await space(anna, "Garden Collective", [general]);
  await signIn(page, anna, "/new");
  for (const name of ["General", "Garden Collective"]) await page.getByRole("checkbox", { name }).check();
  await page.getByText("More options").click();
  await page.getByLabel("Show the names of the rooms").check();
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
  const path = `/i/${code(page)}`;
  await signedOut(page);
  await page.open(path);
  await expect(page.getByRole("heading", { level: 1, name: "Garden Collective" })).toBeVisible();
  // The space is the house, its room a door.
  await expect(page.getByText("1 member", { exact: true })).toBeVisible();
  await expect(page.getByRole("list", { name: "Where this invite leads" }).getByRole("listitem")).toHaveText(/General\s*2 members/);
  await look(page, "landing-members");
});

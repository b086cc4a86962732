import { expect, look, signIn, test } from "../fixtures.js";
import { invite, membership, person, redeem, room, setName, space } from "../world.js";

/** Presses something, and counts that. */
const taps = () => {
  const tap = async (what) => {
    tap.number += 1;
    await what.click();
  };
  return Object.assign(tap, { number: 0 });
};

test("three rooms of a space are an invite with few taps", async ({ page }) => {
  const anna = await person("Anna");
  const rooms = [await room(anna, "General"), await room(anna, "Seeds"), await room(anna, "Market")];
  await space(anna, "Garden Collective", rooms);
  await room(anna, "Kitchen");
  await signIn(page, anna);
  const tap = taps();
  await tap(page.getByRole("link", { name: "Create invite" }));
  // By one tap all of them, with a script and without.
  if (page.scripted) await tap(page.getByRole("button", { name: "All: Garden Collective" }));
  else await tap(page.getByRole("link", { name: "Invite to Garden Collective" }));
  for (const name of ["General", "Seeds", "Market"]) await expect(page.getByRole("checkbox", { name })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: "Kitchen" })).not.toBeChecked();
  await tap(page.getByRole("button", { name: "Create invite" }));
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "3 rooms and 1 space" })).toBeVisible();
  if (page.scripted) await expect(page.getByRole("button", { name: "Copy link" })).toBeInViewport();
  expect(tap.number).toBeLessThanOrEqual(5);
  // One more shares it. What was done is said once.
  await page.open(new URL(page.url()).pathname);
  await expect(page.getByRole("heading", { name: "Share it" })).toBeVisible();
  await expect(page.getByText("Your invite is ready.")).toBeHidden();
});

test("an invite is made again, with the same choices", async ({ page }) => {
  const anna = await person("Anna");
  const [general] = [await room(anna, "General"), await room(anna, "Seeds")];
  const code = await invite(anna, [general], { create_dm: true, max_uses: 25, label: "Summer", welcome: "Bring boots." });
  await signIn(page, anna, `/invites/${code}`);
  await page.getByRole("link", { name: "Duplicate" }).click();
  await expect(page.getByRole("checkbox", { name: "General" })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: "Seeds" })).not.toBeChecked();
  await expect(page.getByRole("radio", { name: "25" })).toBeChecked();
  await expect(page.getByLabel("Welcome")).toHaveValue("Bring boots.");
  await expect(page.getByLabel("A direct chat with you")).toBeChecked();
  await expect(page.getByLabel("Private name")).toHaveValue("");
  await expect(page.getByLabel("Custom code")).toHaveValue("");
  await look(page, "new-like");
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
  await expect(page.getByText("25 of 25 places left")).toBeVisible();
  await page.open("/new");
  await page.getByRole("link", { name: "Use the choices of my last invite" }).click();
  await expect(page.getByRole("checkbox", { name: "General" })).toBeChecked();
});

test("a chat alone is a chat, and not a room", async ({ page }) => {
  const anna = await person("Anna");
  const code = await invite(anna, [], { create_dm: true });
  await signIn(page, anna, `/invites/${code}`);
  await expect(page.getByRole("heading", { name: "A chat with you" })).toBeVisible();
  await expect(page.getByText(/0 rooms/)).toHaveCount(0);
});

test("the owner sees who is missing something, and writes to them", async ({ page }) => {
  const [anna, ben, cleo] = [await person("Anna"), await person("Ben"), await person("Cleo")];
  await setName(ben, "بن <b>Bakker</b>");
  const [general, market] = [await room(anna, "General"), await room(anna, "Market")];
  const code = await invite(anna, [general, market]);
  await membership(anna, market, "ban", ben);
  for (const guest of [ben, cleo]) await redeem(guest, code);
  await signIn(page, anna, `/invites/${code}`);
  await expect(page.getByText("Joined 1 of 2")).toHaveCount(1);
  await expect(page.getByRole("link", { name: "Message Cleo" })).toHaveAttribute("href", /\/#\/(user\/)?@cleo/);
  await expect(page.getByText("بن <b>Bakker</b>", { exact: true })).toHaveAttribute("dir", "auto");
  await look(page, "invite-joined");
  await page.getByRole("link", { name: "Some missing 1" }).click();
  await expect(page).toHaveURL(`/invites/${code}?missing=1`);
  await expect(page.getByText("Cleo", { exact: true })).toHaveCount(0);
  await page.getByText("What is missing").click();
  await expect(page.getByText("You are banned from this room.")).toBeVisible();
  await look(page, "invite-missing");
  await page.getByRole("link", { name: "All 2" }).click();
  await expect(page.getByText("Cleo", { exact: true })).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download as CSV" }).click();
  expect((await download).suggestedFilename()).toBe("joined.csv");
});

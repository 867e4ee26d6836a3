// An ordinary grammY bot: answers each message with its text, after some work.
import { Bot } from "grammy";
import { work } from "./behaviour.js";

const bot = new Bot(process.env.TELEGRAM_BOT_TOKEN, {
  client: { apiRoot: process.env.TELEGRAM_API_URL },
});
bot.on("message:text", async (context) => context.reply(await work(context.message)));

process.once("SIGINT", () => bot.stop());
process.once("SIGTERM", () => bot.stop());
bot.start();

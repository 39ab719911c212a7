// Sends mail with nodemailer's pool.
//   node nodemailer_client.js HOST PORT MESSAGES CONNECTIONS OCTETS MESSAGES_PER_CONNECTION
const nodemailer = require('nodemailer');

const [host, port, messages, connections, octets, each] = process.argv.slice(2);
const line = 'x'.repeat(62) + '\r\n';
const transport = nodemailer.createTransport({
  host,
  port: Number(port),
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Number(each),
  ignoreTLS: true,
});
const raw = 'Subject: load\r\n\r\n' + line.repeat(Math.ceil(Number(octets) / line.length));
let begun = 0;

async function send() {
  while (begun < Number(messages)) {
    begun += 1;
    await transport.sendMail(
      {envelope: {from: 'load@example.com', to: 'sink@example.com'}, raw});
  }
}

Promise.all(Array.from({length: Number(connections)}, send)).then(
  () => transport.close(),
  (error) => {
    console.error(error.message);
    process.exit(1);
  });

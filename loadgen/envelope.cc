#include "loadgen/envelope.h"

#include "parser/capabilities.h"

namespace smtpmark::loadgen {

namespace {

// Parameters of MAIL, each only where its extension is offered.
void append_parameters(std::string& mail, const MailFacts& facts) {
  if ((facts.capabilities & parser::kCapSize) != 0) {  // RFC 1870, 4
    mail.append(" SIZE=").append(std::to_string(facts.size));
  }
  if (facts.eight_bit && (facts.capabilities & parser::kCap8bitMime) != 0) {  // RFC 6152, 2
    mail.append(" BODY=8BITMIME");
  }
}

}  // namespace

void Envelope::write(std::string_view reverse_path, const std::vector<std::string>& forward_paths,
                     const MailFacts& facts) {
  mail.assign("MAIL FROM:<").append(reverse_path).append(">");
  append_parameters(mail, facts);
  mail.append("\r\n");
  group = mail;
  rcpt.resize(forward_paths.size());
  for (std::size_t i = 0; i < rcpt.size(); ++i) {
    rcpt[i].assign("RCPT TO:<").append(forward_paths[i]).append(">\r\n");
    group += rcpt[i];
  }
  group += "DATA\r\n";
}

std::string numbered_recipient(const std::string& recipient, std::uint32_t number) {
  if (number == 0) return recipient;
  const std::size_t at = recipient.rfind('@');
  const std::string tag = "+" + std::to_string(number + 1);
  return at == std::string::npos ? recipient + tag
                                 : recipient.substr(0, at) + tag + recipient.substr(at);
}

}  // namespace smtpmark::loadgen

#include "loadgen/mail_source.h"

namespace smtpmark::loadgen {

MailSource::MailSource(const SessionPlan& plan)
    : sender_(plan.sender), message_(Message::render(plan)), size_(message_.size()) {
  recipients_.reserve(plan.recipients);
  for (std::uint32_t i = 0; i < plan.recipients; ++i) {
    recipients_.push_back(numbered_recipient(plan.recipient, i));
  }
}

MailObject MailSource::write_for(std::uint64_t capabilities) {
  Written& written = written_.emplace_back();
  written.capabilities = capabilities;
  written.envelope.write(sender_, recipients_, {capabilities, size_});
  return {&written.envelope, &message_, size_};
}

}  // namespace smtpmark::loadgen

// Where sessions get the messages that they send.
#ifndef SMTPMARK_LOADGEN_MAIL_SOURCE_H_
#define SMTPMARK_LOADGEN_MAIL_SOURCE_H_

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "loadgen/envelope.h"
#include "loadgen/message.h"
#include "loadgen/plan.h"

namespace smtpmark::loadgen {

// A mail object (RFC 5321, 2.3.1): an envelope, and the content that goes with it.
struct MailObject {
  const Envelope* envelope = nullptr;
  const Message* message = nullptr;
  std::uint64_t size = 0;  // octets of the content, before dot-stuffing
};

// Gives one mail object after the other. Belongs to one thread and class, and outlives its
// sessions.
class MailSource {
 public:
  explicit MailSource(const SessionPlan& plan);
  MailSource(const MailSource&) = delete;
  MailSource& operator=(const MailSource&) = delete;

  // The next one, for a server that offers `capabilities`. It stays as it is as long as the source.
  MailObject next(std::uint64_t capabilities) {
    for (const Written& written : written_) {
      if (written.capabilities == capabilities) return {&written.envelope, &message_, size_};
    }
    return write_for(capabilities);
  }

 private:
  // Where all messages are the same, their envelope is written once for all that a server may
  // offer.
  struct Written {
    std::uint64_t capabilities;
    Envelope envelope;
  };

  MailObject write_for(std::uint64_t capabilities);

  std::string sender_;
  std::vector<std::string> recipients_;
  Message message_;
  std::uint64_t size_;
  std::list<Written> written_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_MAIL_SOURCE_H_

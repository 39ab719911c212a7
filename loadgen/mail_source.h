// Where sessions get the messages that they send.
#ifndef SMTPMARK_LOADGEN_MAIL_SOURCE_H_
#define SMTPMARK_LOADGEN_MAIL_SOURCE_H_

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loadgen/addresses.h"
#include "loadgen/envelope.h"
#include "loadgen/message.h"
#include "loadgen/plan.h"
#include "loadgen/stamp.h"

namespace smtpmark::loadgen {

// A mail object (RFC 5321, 2.3.1): an envelope, and the content that goes with it.
struct MailObject {
  const Envelope* envelope = nullptr;
  const Message* message = nullptr;
  std::string_view header;  // what stands in front of the message; no line in it begins with a dot
  std::uint64_t size = 0;   // octets of the content, header and message, before dot-stuffing
};

// A session's own memory for one mail object. What is in it changes with the next one that is
// written into it, so `header` and the lines are sent by copy; the message itself never changes.
struct MailRoom {
  Envelope envelope;
  std::string header;
  std::vector<std::string> forward_paths;
};
using MailRoomPtr = std::unique_ptr<MailRoom>;

// Which of the messages of a run are those of one class on one thread.
struct MailShare {
  std::uint64_t run = 0;           // tells runs apart
  std::uint32_t class_number = 0;  // its messages are its own
  std::uint32_t threads = 1;       // that share the class, this one being number `thread`
  std::uint32_t thread = 0;
};

// Gives one mail object after the other: always the same ones in the same order, from the seed of
// the workload. Which connection gets which depends on who asks first. Belongs to one thread and
// class, and outlives its sessions.
class MailSource {
 public:
  // `plan` outlives it.
  explicit MailSource(const SessionPlan& plan, const MailShare& share = {});
  MailSource(const MailSource&) = delete;
  MailSource& operator=(const MailSource&) = delete;

  // The next one, for a session whose server has this offer. Views into `room`, which is made where
  // one mail is not like the other, stay as they are until it is given again, all others as long as
  // the source. `domains` are those of the session's recipients so far; kept only for a server that
  // limits them.
  MailObject next(Offer offer, MailRoomPtr& room, std::vector<std::string>& domains) {
    if (varying_) {
      if (!room) room = std::make_unique<MailRoom>();
      return vary(offer, *room, domains);
    }
    for (const Written& written : written_) {
      if (written.offer == offer) return object(written);
    }
    return write_for(offer);
  }

 private:
  // Where all messages are the same, their envelope is written once for all that a server may
  // offer.
  struct Written {
    Offer offer;
    Envelope envelope;
  };
  // Where they are not.
  struct Varying {
    Varying(const Workload& of, const MailShare& share);

    const Workload& workload;
    StampWriter stamp;
    Random random;
    std::uint64_t messages = 0;    // given so far
    std::uint64_t recipients = 0;  // of these
    std::uint64_t bad_recipients = 0;
    std::string reverse_path;
  };

  MailObject object(const Written& written) const {
    return {&written.envelope, &*message_, {}, message_->size()};
  }
  MailFacts facts_of(Offer offer, std::uint64_t size, bool eight_bit) const noexcept;
  MailObject write_for(Offer offer);
  MailObject vary(Offer offer, MailRoom& room, std::vector<std::string>& domains);
  void choose_recipients(MailRoom& room);
  void choose_within(std::uint32_t most, MailRoom& room, std::vector<std::string>& domains);
  static bool keep_domains(std::uint32_t most, MailRoom& room, std::vector<std::string>& domains);
  // Number `count` of this share, counted among those of all threads.
  std::uint64_t place_of(std::uint64_t count) const noexcept {
    return count * share_.threads + share_.thread;
  }

  const SessionPlan& plan_;
  MailShare share_;
  std::optional<Varying> varying_;
  std::string sender_;
  std::vector<std::string> recipients_;
  std::optional<Message> message_;
  std::list<Written> written_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_MAIL_SOURCE_H_

#include "loadgen/mail_source.h"

#include <algorithm>

#include "loadgen/workload.h"

namespace smtpmark::loadgen {

namespace {

Random generator_of(const Workload& workload, const MailShare& share) {
  constexpr std::uint32_t kMail = 0x6D61696C;  // other numbers than those of arrivals
  return make_random(workload.seed, share.class_number, share.thread, kMail);
}

}  // namespace

MailSource::Varying::Varying(const Workload& of, const MailShare& share)
    : workload(of), stamp(share.run, share.class_number), random(generator_of(of, share)) {}

MailSource::MailSource(const SessionPlan& plan, const MailShare& share)
    : plan_(plan), share_(share) {
  if (plan.workload) {
    varying_.emplace(*plan.workload, share);
    return;
  }
  sender_ = plan.sender;
  recipients_.reserve(plan.recipients);
  for (std::uint32_t i = 0; i < plan.recipients; ++i) {
    recipients_.push_back(numbered_recipient(plan.recipient, i));
  }
  message_ = Message::render(plan);
}

MailFacts MailSource::facts_of(Offer offer, std::uint64_t size, bool eight_bit) const noexcept {
  return {offer, size, eight_bit, &plan_.parameters, plan_.chunking};
}

MailObject MailSource::write_for(Offer offer) {
  Written& written = written_.emplace_back();
  written.offer = offer;
  written.envelope.write(sender_, recipients_, facts_of(offer, message_->size(), false));
  return object(written);
}

MailObject MailSource::vary(Offer offer, MailRoom& room, std::vector<std::string>& domains) {
  Varying& now = *varying_;
  const Workload& workload = now.workload;
  const std::uint64_t number = place_of(now.messages++);
  const Message& message = workload.pool[now.random() % workload.pool.size()];
  room.header.clear();
  if (workload.stamped) now.stamp.write(number, message, room.header);
  now.reverse_path.clear();
  workload.senders.append(now.reverse_path, number, now.random);
  if (offer.rcpt_domain_max > 0) {
    choose_within(offer.rcpt_domain_max, room, domains);
  } else {
    choose_recipients(room);
  }
  const std::uint64_t size = room.header.size() + message.size();
  room.envelope.write(now.reverse_path, room.forward_paths,
                      facts_of(offer, size, message.eight_bit()));
  return {&room.envelope, &message, room.header, size};
}

// Recipients that the server's limit on the domains of a session allows (RFC 9422, 4.3): some of
// those that were drawn, else others. Where there seem to be none, they go to be refused.
void MailSource::choose_within(std::uint32_t most, MailRoom& room,
                               std::vector<std::string>& domains) {
  constexpr int kMostDraws = 100;
  for (int draw = 0; draw < kMostDraws; ++draw) {
    choose_recipients(room);
    if (keep_domains(most, room, domains)) return;
  }
}

// Drops those of domains beyond the limit, unless it would drop all.
bool MailSource::keep_domains(std::uint32_t most, MailRoom& room,
                              std::vector<std::string>& domains) {
  std::vector<std::string>& paths = room.forward_paths;
  std::vector<bool>& bad = room.envelope.bad;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string domain = paths[i].substr(paths[i].rfind('@') + 1);
    if (std::find(domains.begin(), domains.end(), domain) == domains.end()) {
      if (domains.size() == most) continue;
      domains.push_back(domain);
    }
    if (kept != i) paths[kept].swap(paths[i]);
    if (!bad.empty()) bad[kept] = bad[i];
    ++kept;
  }
  if (kept == 0) return false;
  paths.resize(kept);
  if (!bad.empty()) bad.resize(kept);
  return true;
}

void MailSource::choose_recipients(MailRoom& room) {
  Varying& now = *varying_;
  const Workload& workload = now.workload;
  const std::uint32_t count = workload.recipient_count.draw(now.random);
  room.forward_paths.resize(count);
  room.envelope.bad.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string& path = room.forward_paths[i];
    path.clear();
    const bool bad = workload.bad_share > 0.0 && draw_unit(now.random) < workload.bad_share;
    if (workload.bad_share > 0.0) room.envelope.bad.push_back(bad);
    if (bad) {
      workload.bad_recipients.append(path, place_of(now.bad_recipients++), now.random);
    } else {
      workload.recipients.append(path, place_of(now.recipients++), now.random);
      if (i > 0 && workload.recipients.one_local_part()) path = numbered_recipient(path, i);
    }
  }
}

}  // namespace smtpmark::loadgen

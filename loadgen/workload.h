// What differs from message to message, decided and rendered before the clock starts.
#ifndef SMTPMARK_LOADGEN_WORKLOAD_H_
#define SMTPMARK_LOADGEN_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/addresses.h"
#include "loadgen/content.h"
#include "loadgen/message.h"
#include "loadgen/size_distribution.h"

namespace smtpmark::loadgen {

// The options of a workload, as given; what is empty was not.
struct WorkloadOptions {
  std::string workload;  // name of a preset: what it says holds where nothing was given
  std::string size;      // default: 1024
  std::string body;      // default: text
  std::uint32_t line_length = 76;
  bool eight_bit = false;
  std::string dot_lines;
  std::string text_size;
  std::string corpus;
  std::string pool = "64M";
  std::uint32_t contents = 0;  // 0: 1024, or 16 where all are of one size
  std::string stamp;           // "on", "off"; default: on, unless all messages are the same
  std::string from = "load@example.com";
  std::string to = "sink@example.com";
  std::string senders_file;
  std::string recipients_file;
  std::string to_domains;
  std::string recipients;  // default: 1
  std::string bad_recipients;
  std::string bad_to = "nobody@invalid.example";
};

// Read by all threads. Every message is drawn from `pool`; addresses are made as they are needed.
struct Workload {
  WorkloadOptions given;  // with what a preset says filled in
  std::vector<Message> pool;
  std::uint64_t corpus_left_out = 0;  // messages of a corpus that had no room in the pool
  AddressSource senders;
  AddressSource recipients;
  AddressSource bad_recipients;
  RecipientCount recipient_count;
  double bad_share = 0.0;  // of the recipients
  bool stamped = true;
  std::uint64_t seed = 1;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_WORKLOAD_H_

// Rows of settings, one of each knob, in which every two settings of different knobs meet.
#ifndef SMTPMARK_TESTS_LOADGEN_PAIRWISE_H_
#define SMTPMARK_TESTS_LOADGEN_PAIRWISE_H_

#include <algorithm>
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

namespace smtpmark::loadgen::testing {

// A setting of each knob, by its number.
using Row = std::vector<std::size_t>;

// Which settings have met in some row.
class Meetings {
 public:
  // `sizes` has the number of settings of each knob.
  explicit Meetings(std::vector<std::size_t> sizes) : sizes_(std::move(sizes)) {
    std::size_t settings = 0;
    for (std::size_t a = 0; a < sizes_.size(); ++a) {
      first_.push_back(settings);
      for (std::size_t b = 0; b < a; ++b) missing_ += sizes_[a] * sizes_[b];
      settings += sizes_[a];
    }
    met_.assign(settings, std::vector<bool>(settings));
  }

  std::size_t missing() const { return missing_; }

  void add(const Row& row) {
    for (std::size_t a = 0; a < row.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        auto it = met_[first_[a] + row[a]][first_[b] + row[b]];
        if (!it) --missing_;
        it = true;
        met_[first_[b] + row[b]][first_[a] + row[a]] = true;
      }
    }
  }

  // Knobs in random order, each set to what meets the most that it has not met before.
  Row next(std::mt19937& random) const {
    Row row(sizes_.size(), kUnset);
    std::vector<std::size_t> order(row.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t knob : order) {
      std::size_t best = random() % sizes_[knob];
      std::size_t most = 0;
      for (std::size_t setting = 0; setting < sizes_[knob]; ++setting) {
        const std::size_t fresh = new_meetings(row, knob, setting);
        if (fresh <= most) continue;
        most = fresh;
        best = setting;
      }
      row[knob] = best;
    }
    return row;
  }

 private:
  static constexpr std::size_t kUnset = ~std::size_t{0};

  std::size_t new_meetings(const Row& row, std::size_t knob, std::size_t setting) const {
    std::size_t fresh = 0;
    for (std::size_t other = 0; other < row.size(); ++other) {
      if (other == knob || row[other] == kUnset) continue;
      if (!met_[first_[knob] + setting][first_[other] + row[other]]) ++fresh;
    }
    return fresh;
  }

  std::vector<std::size_t> sizes_;
  std::vector<std::size_t> first_;
  std::vector<std::vector<bool>> met_;
  std::size_t missing_ = 0;
};

}  // namespace smtpmark::loadgen::testing

#endif  // SMTPMARK_TESTS_LOADGEN_PAIRWISE_H_

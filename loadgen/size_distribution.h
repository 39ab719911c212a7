// How large messages are.
#ifndef SMTPMARK_LOADGEN_SIZE_DISTRIBUTION_H_
#define SMTPMARK_LOADGEN_SIZE_DISTRIBUTION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace smtpmark::loadgen {

inline constexpr std::uint64_t kLargestMessage = std::uint64_t{1} << 30;  // octets

// Octets as in "1024", "10K" or "1M" (1K is 1024), up to kLargestMessage.
tl::expected<std::uint64_t, std::string> parse_octets(std::string_view text);

// Known by its quantiles alone, so that a pool can hold each part of it in its due share.
class SizeDistribution {
 public:
  // A point of a distribution function: this share of all messages has `octets` or less.
  struct Point {
    double octets;
    double share;
  };

  explicit SizeDistribution(std::uint64_t octets = 1024);  // all of one size

  // From one of
  //   10K
  //   uniform:FROM-TO
  //   lognormal:MEDIAN,SIGMA[,pareto:FROM,ALPHA][,max:N]   a tail from FROM on with as many
  //                                                        messages as the lognormal has there
  //   cdf:FILE                                             lines "SIZE SHARE", both growing, the
  //                                                        last share 1 or 100%; linear in between
  // Refuses with a sentence anything else.
  static tl::expected<SizeDistribution, std::string> parse(const std::string& text);
  // From the lines of a CDF file. `name` begins the sentence when they are refused.
  static tl::expected<SizeDistribution, std::string> from_table(std::string_view lines,
                                                                const std::string& name);

  // The size that a share `p` of all messages, 0 < p < 1, does not exceed.
  std::uint64_t quantile(double p) const noexcept;
  bool fixed() const noexcept;

 private:
  struct Lognormal {
    double median = 0.0;  // 0: the distribution is that of points_
    double sigma = 0.0;
    double tail_from = 0.0;  // 0: no tail
    double tail_alpha = 0.0;
    double most = static_cast<double>(kLargestMessage);
  };

  static tl::expected<SizeDistribution, std::string> parse_uniform(std::string_view range);
  static tl::expected<SizeDistribution, std::string> parse_lognormal(std::string_view terms);
  double table_quantile(double p) const noexcept;
  double lognormal_quantile(double p) const noexcept;

  std::vector<Point> points_;
  Lognormal lognormal_;
};

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_SIZE_DISTRIBUTION_H_

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace quantscope {

/// Streaming SHA-256 (FIPS 180-4, by libcrypto); the digest is lower-case hexadecimal.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256 &&) noexcept;
    Sha256 &operator=(Sha256 &&) noexcept;
    void add(std::span<const std::byte> bytes);
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

std::string sha256(std::span<const std::byte> bytes);

} // namespace quantscope

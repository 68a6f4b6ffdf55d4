// The names of Gloo that libtorch's ProcessGroupGloo.hpp mentions. libtorch has Gloo inside and exports its own
// class, but its packages bring none of Gloo's headers. Nothing here is ever made, called or measured: BertQA
// constructs the process group by libtorch's own constructor and holds it by the base class, so that declarations are
// enough, whatever Gloo's version.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace gloo {

class Context {
  public:
    void setTimeout(std::chrono::milliseconds timeout);
};

namespace transport {

class Device;

class UnboundBuffer {
  public:
    virtual ~UnboundBuffer();
};

}  // namespace transport

namespace rendezvous {

class Store {
  public:
    virtual ~Store();
    virtual void set(const std::string &key, const std::vector<char> &value) = 0;
    virtual std::vector<char> get(const std::string &key) = 0;
    virtual void wait(const std::vector<std::string> &keys) = 0;
    virtual void wait(const std::vector<std::string> &keys, const std::chrono::milliseconds &timeout) = 0;
};

}  // namespace rendezvous

}  // namespace gloo

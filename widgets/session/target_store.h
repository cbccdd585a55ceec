#pragma once

#include "items/checked_network.h"
#include "session/task.h"

#include <QObject>

#include <memory>
#include <optional>

namespace quantscope {

class Session;

/// What a target says of the model in one line, with a sign.
struct Verdict {
    enum class State { Open, Taken, Refused };
    State state = State::Open;
    QString text, tip;
    bool operator==(const Verdict &) const = default;
};

/// What the model is made for, kept for each model, and what `quantscope check` says of the network that is shown. It
/// is looked at in the background once every slot's statistics are there, after each edit anew.
class TargetStore : public QObject {
    Q_OBJECT
public:
    explicit TargetStore(Session &session);

    std::optional<Target> target() const { return m_target; }
    void setTarget(std::optional<Target> target);
    /// Of the session's network and this target; null while it is not known.
    const std::shared_ptr<const CheckedNetwork> &checked() const { return m_checked; }
    Verdict verdict() const;
    bool running() const { return m_checking.running(); }

    /// Silences a rule about one layer or tensor, or (an empty subject) everywhere: an edit of the recipe that can be
    /// undone.
    void mute(const std::string &rule, const std::string &subject);
    /// Takes a pattern out of what the recipe mutes.
    void unmute(const std::string &pattern);
    /// Mutes can be edited.
    bool canMute() const;

Q_SIGNALS:
    void changed(); ///< the target, or what is known for it

private:
    void onNetwork();
    void start();
    std::shared_ptr<const Accumulators> knownSums(const std::shared_ptr<const Network> &network) const;
    void setMutes(std::vector<std::string> mutes, const QString &undoText);

    Session &m_session;
    std::optional<Target> m_target;
    QString m_path; ///< of the model whose target this is
    std::shared_ptr<const Network> m_network; ///< the last that was seen
    std::shared_ptr<const CheckedNetwork> m_checked;
    std::shared_ptr<const CheckedNetwork> m_last; ///< the newest, of whatever network: its sums may hold on
    Task<std::shared_ptr<const CheckedNetwork>> m_checking;
};

} // namespace quantscope

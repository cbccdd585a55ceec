#pragma once

#include "look/controls.h"
#include "network/dpu_shifts.h"

#include <memory>
#include <vector>

class QLabel;

namespace quantscope {

class Session;

/// The DPU's shift_cut and shift_bias of the layer with what its hardware has; absent for networks that are not its.
class DpuShiftBar : public Card {
    Q_OBJECT
public:
    explicit DpuShiftBar(Session &session, QWidget *parent = nullptr);
    void refresh();

private:
    Session &m_session;
    QLabel *m_text;
    std::shared_ptr<const Network> m_network; ///< whose shifts these are
    std::vector<DpuShifts> m_shifts;
};

} // namespace quantscope

#pragma once

#include "analysis/element_steps.h"
#include "analysis/extremes.h"
#include "items/slot_ref.h"
#include "items/step_figures.h"
#include "items/tensor_place.h"
#include "look/controls.h"
#include "session/task.h"

namespace quantscope {

class BitBoxes;
class FlowLayout;

/// "One weight, step by step": how one element becomes its code and its value.
class StepCard : public Card {
    Q_OBJECT
public:
    explicit StepCard(QWidget *parent = nullptr);
    ~StepCard() override;
    void setSlot(const SlotRef &slot);

private:
    void chooseElement(int choice);
    void goTo(const QString &text);
    void load(std::uint64_t flat);
    void showNoSteps(const QString &reason);
    void showSteps(const SlotRef &ref, const ElementSteps &steps);
    void addFigure();
    void setFigures(const std::vector<StepFigure> &figures);

    SlotRef m_slot;
    std::optional<TensorPlace> m_shownPlace; ///< whose element is shown
    std::uint64_t m_flat = 0;
    QLabel *m_slotName;
    QLineEdit *m_index;
    Segmented *m_choice;
    ElidedLabel *m_note;
    QWidget *m_figures;
    std::vector<QFrame *> m_frames;
    std::vector<QLabel *> m_names, m_values, m_arrows;
    BitBoxes *m_bits;
    ElidedLabel *m_sum;
    Task<ElementSteps> m_loading;
    Task<Extremes> m_searching;
};

} // namespace quantscope

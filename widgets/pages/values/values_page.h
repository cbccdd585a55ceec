#pragma once

#include "analysis/tensor_map.h"
#include "items/copy_text.h"
#include "items/model_comparison.h"
#include "items/tensor_place.h"
#include "items/values_model.h"
#include "pages/page.h"
#include "session/task.h"

class QLabel;
class QPushButton;

namespace quantscope {

class AxisBar;
class CopyBar;
class ElementPanel;
class FindBar;
class HitList;
class Segmented;
class TensorMapView;
class ValuesView;

/// Every element of a tensor as a 2-D slice, in four forms; one element in all forms beside it; the whole tensor as a
/// map.
class ValuesPage : public Page {
    Q_OBJECT
public:
    explicit ValuesPage(Session &session, QWidget *parent = nullptr);
    ValuesModel *model() { return &m_model; }
    ValuesView *view() { return m_view; }
    FindBar *findBar() { return m_find; }
    void goTo(std::uint64_t flat);
    void nextForm();
    /// Copies the selection, or everything in view where only one cell is selected.
    void copy(CopyForm form);
    bool idle() const override;
    bool cancelWork() override;

protected:
    void refresh() override;
    void resizeEvent(QResizeEvent *event) override;

private:
    QWidget *makeForms();
    QWidget *makeControls();
    QWidget *makeTable();
    QWidget *makeSide();
    void makeKeys();
    void setForm(int form);
    void placeSide();
    void onSlice();
    void onCurrent();
    void onFound();
    void startMap();
    void updateNotes();
    void takeSecond();
    void takeSlot(const SlotRef &slot);

    /// What is shown of a tensor, for when it is shown again after an edit.
    struct Kept {
        std::optional<TensorPlace> tensor;
        Slice slice;
        QString query;
    };

    ValuesModel m_model;
    Kept m_kept;
    AxisBar *m_axes;
    Segmented *m_forms;
    FindBar *m_find;
    CopyBar *m_copies;
    ValuesView *m_view;
    HitList *m_hits;
    QLabel *m_shown, *m_fixedNote, *m_empty;
    QWidget *m_controls, *m_body, *m_side;
    QPushButton *m_sideWanted; ///< in a narrow window the element's forms are called, and take room from the table
    ElementPanel *m_element;
    TensorMapView *m_mapView;
    QLabel *m_mapTitle;
    QLabel *m_mapNote;
    std::shared_ptr<const ModelComparison> m_comparison; ///< with whose second model the slot is shown
    std::optional<TensorMap> m_map;
    std::uint64_t m_currentFlat = 0;
    Task<TensorMap> m_mapping;
};

} // namespace quantscope

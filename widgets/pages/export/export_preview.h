#pragma once

#include "export/export.h"
#include "look/controls.h"
#include "session/task.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

class QComboBox;

namespace quantscope {

class CodeView;
struct Network;

/// The first lines of every file that an export would write.
class ExportPreview : public Card {
    Q_OBJECT
public:
    explicit ExportPreview(QWidget *parent = nullptr);
    /// Nothing for a request without layers or formats.
    void setRequest(std::shared_ptr<const Network> network, const ExportRequest &request);
    bool idle() const { return !m_reading.running(); }

private:
    using Files = std::vector<std::pair<std::string, std::string>>; ///< name, text
    void showFiles(const Files &files);
    void showFile(int at);

    QComboBox *m_names;
    CodeView *m_code;
    Files m_files;
    Task<Files> m_reading;
};

} // namespace quantscope

// French texts of the plan, the audit and what-if: keys plan.*, audit.*, whatif.*.

export default {
};
